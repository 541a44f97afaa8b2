package main

import (
	"context"
	"io"
	"net"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
)

// newForwardCommand passes connections on as they are. The API server listens on one address, which is loopback's;
// pods cannot reach that.
func newForwardCommand() *cobra.Command {
	var listen, target string
	command := &cobra.Command{
		Use:  "api-for-pods",
		Long: "Passes connections to one address on to another.",
		RunE: func(command *cobra.Command, _ []string) error {
			ctx := interruptible(command.Context())
			listener, err := net.Listen("tcp", listen)
			if err != nil {
				return err
			}
			context.AfterFunc(ctx, func() { listener.Close() })
			for {
				connection, err := listener.Accept()
				if ctx.Err() != nil {
					return nil
				}
				if err != nil {
					return err
				}
				go forward(connection.(*net.TCPConn), target)
			}
		},
	}
	command.Flags().StringVar(&listen, "listen", "", "address and port")
	command.Flags().StringVar(&target, "target", "", "address and port")
	return command
}

func forward(near *net.TCPConn, target string) {
	defer near.Close()
	connection, err := net.Dial("tcp", target)
	if err != nil {
		klog.ErrorS(err, "Cannot pass a connection on", "target", target)
		return
	}
	far := connection.(*net.TCPConn)
	defer far.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		copyAndClose(far, near)
	}()
	copyAndClose(near, far)
	<-done
}

// copyAndClose passes on the end of what is sent, too: each direction ends by itself.
func copyAndClose(to, from *net.TCPConn) {
	_, _ = io.Copy(to, from)
	_ = to.CloseWrite()
}
