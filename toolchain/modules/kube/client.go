package main

import (
	"context"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

func clientOf(kubeconfig string) (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

// interruptible ends when the program is told to.
func interruptible(parent context.Context) context.Context {
	if parent == nil {
		parent = context.Background()
	}
	ctx, _ := signal.NotifyContext(parent, syscall.SIGTERM, syscall.SIGINT) //nolint:govet // until the program ends
	return ctx
}
