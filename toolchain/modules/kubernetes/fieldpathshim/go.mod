module sigs.k8s.io/structured-merge-diff/v4

go 1.26

require sigs.k8s.io/structured-merge-diff/v6 v6.3.2-0.20260122202528-d9cc6641c482
