"""What an update does beside `pulumi up`: what it checks before, and what it may leave out."""
