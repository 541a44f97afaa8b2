package main

import (
	"github.com/spf13/cobra"
	"k8s.io/client-go/informers"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

// newPoliciesCommand enforces NetworkPolicies with the library of the Kubernetes project: it judges the first packet
// of each connection, which the kernel hands it through a queue, and drops what is not allowed.
//
// The library also writes the nftables rules that fill the queue. Some kernels have no such rule (nft_queue), but the
// older one of iptables: whoever starts this command sets that one. Where both work, a packet is judged twice.
func newPoliciesCommand() *cobra.Command {
	var kubeconfig string
	config := networkpolicy.Config{NFTableName: "mimir-test-policies"}
	command := &cobra.Command{
		Use:  "network-policies",
		Long: "Enforces the cluster's NetworkPolicies on the connections in a queue of the kernel.",
		RunE: func(command *cobra.Command, _ []string) error {
			client, err := clientOf(kubeconfig)
			if err != nil {
				return err
			}
			ctx := interruptible(command.Context())
			factory := informers.NewSharedInformerFactory(client, 0)
			core, policies := factory.Core().V1(), factory.Networking().V1().NetworkPolicies()
			controller, err := networkpolicy.NewController(
				client, policies, core.Namespaces(), core.Pods(), nil, nil, nil, nil, config,
			)
			if err != nil {
				return err
			}
			factory.Start(ctx.Done())
			return controller.Run(ctx)
		},
	}
	command.Flags().StringVar(&kubeconfig, "kubeconfig", "", "how to reach the cluster")
	command.Flags().StringVar(&config.NodeName, "node", "", "the node's name")
	command.Flags().IntVar(&config.QueueID, "queue", 100, "the queue's number")
	return command
}
