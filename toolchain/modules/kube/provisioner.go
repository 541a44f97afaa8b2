package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const provisionerName = "mimir.test/local"

// folders makes a folder for every claim. It is a STAND-IN for the storage of a real cluster: a capacity is not
// enforced, and every access mode is granted, because all pods are on the one node that has the folder.
type folders struct {
	root string
	node string
}

// Provision makes the folder and describes it as a volume of source `local`: unlike `hostPath`, the kubelet gives it
// to the pod's fsGroup, as it does with a disk. So it is made for root alone to write, as a fresh file system is.
func (f folders) Provision(
	_ context.Context, options controller.ProvisionOptions,
) (*core.PersistentVolume, controller.ProvisioningState, error) {
	folder := filepath.Join(f.root, options.PVName)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	volume := &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: options.PVName},
		Spec: core.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			AccessModes:                   options.PVC.Spec.AccessModes,
			MountOptions:                  options.StorageClass.MountOptions,
			Capacity:                      options.PVC.Spec.Resources.Requests,
			PersistentVolumeSource:        core.PersistentVolumeSource{Local: &core.LocalVolumeSource{Path: folder}},
			NodeAffinity:                  f.onlyHere(),
		},
	}
	return volume, controller.ProvisioningFinished, nil
}

// Delete removes the folder of a volume whose claim is gone, if it is one of ours.
func (f folders) Delete(_ context.Context, volume *core.PersistentVolume) error {
	if volume.Spec.Local == nil || filepath.Dir(volume.Spec.Local.Path) != filepath.Clean(f.root) {
		return fmt.Errorf("volume %s is not a folder in %s", volume.Name, f.root)
	}
	return os.RemoveAll(volume.Spec.Local.Path)
}

func (f folders) onlyHere() *core.VolumeNodeAffinity {
	here := core.NodeSelectorRequirement{
		Key: core.LabelHostname, Operator: core.NodeSelectorOpIn, Values: []string{f.node},
	}
	term := core.NodeSelectorTerm{MatchExpressions: []core.NodeSelectorRequirement{here}}
	return &core.VolumeNodeAffinity{Required: &core.NodeSelector{NodeSelectorTerms: []core.NodeSelectorTerm{term}}}
}

func newProvisionerCommand() *cobra.Command {
	var kubeconfig string
	var made folders
	command := &cobra.Command{
		Use:  "local-provisioner",
		Long: "Makes a folder of this machine for every claim of the class `local`. A stand-in for tests.",
		RunE: func(command *cobra.Command, _ []string) error {
			client, err := clientOf(kubeconfig)
			if err != nil {
				return err
			}
			if !filepath.IsAbs(made.root) || made.node == "" {
				return errors.New("--root must be absolute, and --node be given")
			}
			ctx := interruptible(command.Context())
			// There is one of it: nobody to elect.
			controller.NewProvisionController(
				ctx, client, provisionerName, made, controller.LeaderElection(false),
			).Run(ctx)
			return nil
		},
	}
	command.Flags().StringVar(&kubeconfig, "kubeconfig", "", "how to reach the cluster")
	command.Flags().StringVar(&made.root, "root", "", "where the folders are made")
	command.Flags().StringVar(&made.node, "node", "", "the node's name")
	return command
}
