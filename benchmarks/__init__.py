"""The numbers of docs/performance.md: what is compared runs side by side, in one run, on one machine."""
