package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"
	criapi "k8s.io/cri-api/pkg/apis"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"
	cri "k8s.io/cri-client/pkg"
)

const connectSeconds = 10

// newStopPodsCommand stops what runs in a node that is being shut down, and prints the names of the pods. The cluster
// keeps its wish for them: they are started again with the node.
func newStopPodsCommand() *cobra.Command {
	var endpoint string
	var grace int64
	command := &cobra.Command{
		Use:  "stop-pods",
		Long: "Stops every pod of a container runtime: containers first, gently, then networks and mounts.",
		RunE: func(command *cobra.Command, _ []string) error {
			service, err := cri.NewRemoteRuntimeService(endpoint, connectSeconds*time.Second, nil, nil)
			if err != nil {
				return err
			}
			ctx := interruptible(command.Context())
			return errors.Join(stopContainers(ctx, service, grace), stopPods(ctx, service))
		},
	}
	command.Flags().StringVar(&endpoint, "runtime", "", "the container runtime's socket, unix://PATH")
	command.Flags().Int64Var(&grace, "grace", 0, "seconds that containers have to end by themselves")
	return command
}

func stopContainers(ctx context.Context, service criapi.RuntimeService, grace int64) error {
	running := &runtime.ContainerFilter{
		State: &runtime.ContainerStateValue{State: runtime.ContainerState_CONTAINER_RUNNING},
	}
	containers, err := service.ListContainers(ctx, running)
	if err != nil {
		return err
	}
	failures := make([]error, len(containers))
	var group sync.WaitGroup
	for number, container := range containers {
		group.Go(func() {
			if err := service.StopContainer(ctx, container.Id, grace); err != nil {
				failures[number] = fmt.Errorf("container %s: %w", container.Metadata.Name, err)
			}
		})
	}
	group.Wait()
	return errors.Join(failures...)
}

func stopPods(ctx context.Context, service criapi.RuntimeService) error {
	pods, err := service.ListPodSandbox(ctx, nil)
	if err != nil {
		return err
	}
	var failures []error
	for _, pod := range pods {
		name := fmt.Sprintf("%s/%s", pod.Metadata.Namespace, pod.Metadata.Name)
		if err := service.StopPodSandbox(ctx, pod.Id); err != nil {
			failures = append(failures, fmt.Errorf("pod %s: %w", name, err))
		} else if pod.State == runtime.PodSandboxState_SANDBOX_READY {
			fmt.Println(name)
		}
	}
	return errors.Join(failures...)
}
