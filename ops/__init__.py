"""What is more than one `pulumi up`."""
