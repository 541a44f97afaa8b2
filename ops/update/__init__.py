"""What an update does besides `pulumi up`: checks before it, and skipping it if nothing would change."""
