"""The rules of iptables: what the cluster needs from the start, and the removal of all that its parts have added."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence

from toolchain.problem import Problem
from toolchain.services.cluster.addresses import Addresses
from toolchain.services.cluster.places import BRIDGE, CHAIN, NAME, QUEUE

COMMANDS = ("iptables", "ip6tables")
KUBERNETES = "KUBE-"
HOST_PORTS = "CNI-HOSTPORT-"

# Docker drops what is forwarded unless a rule allows it. Pods may start connections; to them come only answers, and
# what a service or host port led there.
# The first packet of each connection from or to a pod goes to the NetworkPolicy agent, and nowhere if that does not
# run. Root's own are let through: the kubelet's probes must be, by Kubernetes' rule.
RULES = """\
*filter
:{chain} - [0:0]
-A {chain} -i {bridge} -j ACCEPT
-A {chain} -o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
COMMIT
*mangle
:{chain} - [0:0]
-A {chain} -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A {chain} -m owner --uid-owner 0 -j RETURN
-A {chain} -s {pods} -j NFQUEUE --queue-num {queue}
-A {chain} -d {pods} -j NFQUEUE --queue-num {queue}
COMMIT
"""
JUMPS = (("filter", "FORWARD"), ("mangle", "POSTROUTING"))


def start(addresses: Addresses) -> None:
    """Have the rules, first in their chains.

    Raises:
        Problem: iptables refuses them.
    """
    rules = RULES.format(chain=CHAIN, bridge=BRIDGE, pods=addresses.pods, queue=QUEUE)
    _run(["iptables-restore", "--wait", "--noflush"], rules)
    for table, chain in JUMPS:
        jump = ["-t", table, chain, "-j", CHAIN]
        if _fails(["iptables", "--wait", "-C", *jump[2:], *jump[:2]]):
            _run(["iptables", "--wait", "-t", table, "-I", *jump[2:]])


def stop() -> None:
    """Remove the rules, and those of the kubelet, kube-proxy and the network plugins of this cluster."""
    for command in COMMANDS:
        changes = removal(_run([f"{command}-save"]))
        if changes:
            _run([f"{command}-restore", "--wait", "--noflush"], changes)


def another_node() -> bool:
    """Whether there are rules of a Kubernetes node without any of ours."""
    saved = _run(["iptables-save"])
    return f"\n:{KUBERNETES}" in saved and f"\n:{CHAIN} " not in saved


def removal(saved: str) -> str:
    """What to give to `iptables-restore --noflush`, from the output of `iptables-save`; empty if there is nothing.

    Chains of the network plugins go if the cluster's network is named where they are jumped to: other programs use
    the same plugins.
    """
    lines: list[str] = []
    for table in re.findall(r"^\*.*?^COMMIT$", saved, re.MULTILINE | re.DOTALL):
        heading, *content, last = table.splitlines()
        declared = [line[1:].split()[0] for line in content if line.startswith(":")]
        rules = [line for line in content if line.startswith("-A ")]
        gone = _chains(declared, rules)
        deletions = [f"-D{rule[2:]}" for rule in rules if _chain(rule) not in gone and _target(rule) in gone]
        if gone:
            lines += [heading, *deletions, *(f"-F {chain}" for chain in gone), *(f"-X {chain}" for chain in gone), last]
    return "\n".join(lines) + "\n" if lines else ""


def _chains(declared: Sequence[str], rules: Sequence[str]) -> list[str]:
    """Those of the declared chains that belong to the cluster."""
    ours = {chain for chain in declared if chain == CHAIN or chain.startswith(KUBERNETES)}
    ours |= {_target(rule) for rule in rules if f'name: \\"{NAME}\\"' in rule} & {*declared}
    host_ports = {chain for chain in declared if chain.startswith(HOST_PORTS)}
    # Shared by all who publish ports of containers in this way; the last one to go removes them.
    used_by_others = any(
        _chain(rule) in host_ports and _target(rule) in {*declared} - ours - host_ports for rule in rules
    )
    if not used_by_others:
        ours |= host_ports
    return [chain for chain in declared if chain in ours]


def _chain(rule: str) -> str:
    return rule.split()[1]


def _target(rule: str) -> str:
    match = re.search(r" -[jg] (\S+)", rule)
    return match.group(1) if match else ""


def _fails(argv: Sequence[str]) -> bool:
    return subprocess.run(argv, capture_output=True, check=False).returncode != 0


def _run(argv: Sequence[str], text: str | None = None) -> str:
    try:
        done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Problem(f"{argv[0]} cannot be started: {error}", "apt-get install -y iptables") from error
    if done.returncode != 0:
        raise Problem(f"`{' '.join(argv)}`: {done.stderr.strip()}", "see what it says about your firewall")
    return done.stdout
