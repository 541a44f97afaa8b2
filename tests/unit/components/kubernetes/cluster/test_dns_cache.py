"""How long CoreDNS keeps an answer, by its own rules (plugin/cache and plugin/kubernetes of its source)."""

from __future__ import annotations

import pytest

from components.kubernetes.cluster import dns_cache
from components.kubernetes.cluster.dns_cache import Lifetime
from tests.support.fake_cluster import COREFILE

NAME = "mimir-dev.svc.cluster.local"

KUBEADM = """\
.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    CACHE
    loop
    reload
    loadbalance
}
"""
"""What kubeadm writes, with a cache of its own."""

NODE_LOCAL = """\
cluster.local:53 {
    errors
    cache {
            success 9984 30
            denial 9984 5
    }
    reload
    loop
    bind 169.254.20.10 10.96.0.10
    forward . __PILLAR__CLUSTER__DNS__ {
            force_tcp
    }
    prometheus :9253
    health 169.254.20.10:8080
    }
in-addr.arpa:53 {
    cache 30
    forward . __PILLAR__CLUSTER__DNS__
    }
.:53 {
    cache {
        serve_stale
    }
    forward . __PILLAR__UPSTREAM__SERVERS__
    }
"""
"""What Kubernetes' add-on NodeLocal DNSCache writes, with a rule for other names that does not count."""


def plain(cache: str, ttl: int | None = None) -> str:
    """Name servers of a cluster with this `cache`, and records with this TTL."""
    own = f"ttl {ttl}" if ttl is not None else ""
    return f".:53 {{\n{cache}\nkubernetes cluster.local in-addr.arpa {{\n{own}\n}}\n}}\n"


@pytest.mark.parametrize(
    ("corefile", "seconds"),
    [
        pytest.param(COREFILE, 5, id="the test cluster's"),
        pytest.param(KUBEADM.replace("CACHE", "cache 30"), 30, id="kubeadm's before it excepted the cluster's names"),
        pytest.param(
            KUBEADM.replace("CACHE", "cache 30 {\ndisable success cluster.local\ndisable denial cluster.local\n}"),
            0,
            id="kubeadm's",
        ),
        pytest.param(plain("", 30), 0, id="no cache: answers are made from memory"),
        pytest.param(plain("cache"), 5, id="the TTL of a record, where nothing caps it"),
        pytest.param(plain("cache {}"), 5, id="an empty block"),
        pytest.param(plain("cache 3"), 3, id="a cap below the TTL, and below the least"),
        pytest.param(plain("cache 30", 600), 30, id="a cap below the TTL"),
        pytest.param(plain("cache", 3600), 3600, id="no cap at all"),
        pytest.param(plain("cache 30", 0), 5, id="the least that a cache keeps anything"),
        pytest.param(plain("cache {\nsuccess 9984 3600 60\n}"), 60, id="a longer least for addresses"),
        pytest.param(plain("cache {\ndenial 9984 1800 90\n}"), 90, id="a longer least for what is not there"),
        pytest.param(plain("cache 300 {\nsuccess 9984\n}", 900), 300, id="a capacity alone changes no cap"),
        pytest.param(plain("cache 10 {\nsuccess 9984 20\n}", 30), 20, id="a cap of its own for addresses"),
        pytest.param(plain("cache {\nsuccess 9984 10\n}", 900), 900, id="then the other kind has the usual one"),
        pytest.param(plain("cache 30 {\ndisable success\n}"), 5, id="only one kind is not kept"),
        pytest.param(plain("cache 30 {\ndisable success\ndisable denial\n}"), 0, id="nothing is kept"),
        pytest.param(plain("cache 30 {\ndisable success other\ndisable denial other\n}"), 5, id="of other names"),
        pytest.param(
            plain("cache 30 {\ndisable denial\ndisable success cluster.local\ndisable success other\n}"),
            5,
            id="the last line of a kind counts",
        ),
        pytest.param(plain("cache 30 example.org"), 0, id="a cache for other names"),
        pytest.param(plain("cache 30 example.org cluster.local"), 5, id="a cache for these names"),
        pytest.param(plain("cache 30 {\nprefetch 5 60s 10%\nkeepttl\n}"), 5, id="renewed earlier, with the whole TTL"),
        pytest.param(plain("cache 30 {\nserve_stale\n}"), 3605, id="expired answers, for an hour"),
        pytest.param(plain("cache 30 {\nserve_stale 1m30s\n}"), 95, id="expired answers, for as long as it says"),
        pytest.param(plain("cache 30 {\nserve_stale 1h immediate\n}"), 3605, id="expired answers at once"),
        pytest.param(plain("cache 30 {\nserve_stale 1h verify\n}"), 5, id="not while the source answers"),
        pytest.param(plain("cache 30 {\nserve_stale 10s verify 100ms\n}"), 15, id="unless it takes too long"),
        pytest.param(f"example.org {{\ncache 900\n}}\n{COREFILE}", 5, id="another zone's block"),
        pytest.param(
            ".:53 {\ncache\nforward . 1.1.1.1\n}\n"
            "cluster.local:53,\nin-addr.arpa:53 {\ncache 9\nkubernetes {\nttl 9\n}\n}",
            9,
            id="the longest zone, which is the plugin's too",
        ),
        pytest.param(
            plain("cache 30", 7) + plain("cache 30", 8).replace(":53", ":1053"), 8, id="two ports, the longer of them"
        ),
        pytest.param(
            plain("cache 30", 7) + plain("cache 30", 900).replace(".:53", "https://."), 7, id="not over plain DNS"
        ),
        pytest.param("(usual) {\ncache 30\n}\n" + plain("import usual"), 5, id="a snippet"),
        pytest.param(plain("cache 30\nimport custom/*.override"), 5, id="files beside the cache that counts"),
        pytest.param("# a comment {\n" + plain("cache 30 # seconds"), 5, id="comments"),
        pytest.param(plain('cache "30"\ntemplate ANY ANY {\nanswer "{{ .Name }} 60 IN A }"\n}'), 5, id="quotes"),
    ],
)
def test_an_answer_lives_as_long_as_the_name_servers_keep_it(corefile: str, seconds: int) -> None:
    assert dns_cache.of_cluster(corefile, NAME).seconds == seconds


@pytest.mark.parametrize(
    ("corefile", "reason"),
    [
        pytest.param("", "no server block", id="nothing"),
        pytest.param("example.org {\ncache\n}", "no server block", id="other names"),
        pytest.param(".:53 {\ncache 30\nforward . 10.0.0.1\n}", "no `kubernetes` plugin", id="another name server"),
        pytest.param(plain("cache 30").replace("cluster.local", "k8s.example"), "no `kubernetes`", id="another domain"),
        pytest.param(plain("import custom/*.override"), "imported file", id="a cache may be in a file"),
        pytest.param(plain("cache {$TTL}"), "environment", id="a variable"),
        pytest.param(plain("cache 30").replace(".:53", "{$ZONE}"), "environment", id="a zone in a variable"),
        pytest.param(plain("cache 30\nrewrite ttl cluster.local 60"), "rewrite", id="other TTLs"),
        pytest.param(plain("cache {\nsuccess 9984 1h\n}"), "`1h`", id="no number"),
        pytest.param(plain("cache {\nserve_stale later\n}"), "`later`", id="no duration"),
        pytest.param(".:53 {\ncache 30\n", "without a `}`", id="a block without an end"),
        pytest.param(".:53 {\n}\n}", "without a `{`", id="an end without a block"),
        pytest.param("{\n}", "without a name", id="a block without a name"),
    ],
)
def test_what_is_not_understood_is_no_lifetime(corefile: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        dns_cache.of_cluster(corefile, NAME)


@pytest.mark.parametrize(
    ("corefile", "ttl"),
    [
        pytest.param(plain("", 30), 30, id="without a cache, the record's"),
        pytest.param(plain("cache 10", 30), 10, id="not more than the cap"),
        pytest.param(plain("cache 10 {\ndisable success\ndisable denial\n}", 30), 10, id="also of what is not kept"),
        pytest.param(plain("cache {\nsuccess 9984 3600 60\n}"), 60, id="not less than the least"),
        pytest.param(plain("cache 30 {\nserve_stale 10s immediate 40s\n}"), 40, id="of an expired answer"),
    ],
)
def test_what_is_handed_on_is_kept_by_the_next_cache(corefile: str, ttl: int) -> None:
    assert dns_cache.of_cluster(corefile, NAME).ttl == ttl


@pytest.mark.parametrize(("ttl", "seconds"), [(1, 5), (5, 5), (20, 20), (600, 30)])
def test_a_cache_on_the_node_keeps_what_it_gets(ttl: int, seconds: int) -> None:
    assert dns_cache.of_forwarder(NODE_LOCAL, NAME, ttl) == Lifetime(seconds, seconds)
