// Command may-reach answers who may connect to whom under NetworkPolicies, by the rules of Cyclonus.
//
// Cyclonus tests the network plugins of clusters; its model of the policies is what it compares them with. Its own
// command draws tables for people, this one takes and gives JSON: {"policies": [...], "questions": [...]} on standard
// input, and a list of true and false on standard output.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
)

var version = "unknown"

// A peer without a namespace is outside of the cluster.
type peer struct {
	Namespace       string            `json:"namespace"`
	NamespaceLabels map[string]string `json:"namespaceLabels"`
	PodLabels       map[string]string `json:"podLabels"`
	IP              string            `json:"ip"`
}

type question struct {
	From     peer          `json:"from"`
	To       peer          `json:"to"`
	Port     int           `json:"port"`
	PortName string        `json:"portName"`
	Protocol core.Protocol `json:"protocol"`
}

type document struct {
	Policies  []*networking.NetworkPolicy `json:"policies"`
	Questions []question                  `json:"questions"`
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println(version)
		return
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "may-reach:", err)
		os.Exit(2)
	}
}

func run() error {
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	var asked document
	if err := decoder.Decode(&asked); err != nil {
		return err
	}
	policy := matcher.BuildNetworkPolicies(false, asked.Policies)
	answers := make([]bool, 0, len(asked.Questions))
	for _, one := range asked.Questions {
		answers = append(answers, policy.IsTrafficAllowed(one.traffic()).IsAllowed())
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}

func (one question) traffic() *matcher.Traffic {
	return &matcher.Traffic{
		Source:           one.From.asCyclonusHasIt(),
		Destination:      one.To.asCyclonusHasIt(),
		ResolvedPort:     one.Port,
		ResolvedPortName: one.PortName,
		Protocol:         one.Protocol,
	}
}

func (one peer) asCyclonusHasIt() *matcher.TrafficPeer {
	if one.Namespace == "" {
		return &matcher.TrafficPeer{IP: one.IP}
	}
	inside := &matcher.InternalPeer{
		PodLabels: one.PodLabels, NamespaceLabels: one.NamespaceLabels, Namespace: one.Namespace,
	}
	return &matcher.TrafficPeer{Internal: inside, IP: one.IP}
}
