"""What the changes of a preview mean to the users of the service."""
