// Command pause is the first process of every pod of the test cluster: it holds the pod's namespaces, adopts the
// processes that others leave, and ends when told to. It does what the pause image of the Kubernetes project does,
// for machines that cannot pull that.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			return
		}
		// Pods may share one process namespace: then this is its init, and who has ended must be collected.
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
	}
}
