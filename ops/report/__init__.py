"""What a reviewer reads: what a change would do to a stack, and what somebody did to it behind Pulumi's back."""
