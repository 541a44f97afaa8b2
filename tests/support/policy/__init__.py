"""Resources and stacks that the policy tests judge."""
