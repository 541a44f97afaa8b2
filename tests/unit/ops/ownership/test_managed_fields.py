"""Fields of other managers: found, and named with their owner."""

from __future__ import annotations

import pytest

from ops.display.outputs import SIGNATURE
from ops.ownership.managed_fields import foreign_fields
from tests.support.managed_objects import (
    AT,
    IN_CONTAINER,
    INPUTS,
    OWN,
    container,
    in_container,
    live,
    owned,
    texts,
    with_variable,
)


class TestWhatIsForeign:
    def test_nothing_of_the_stacks_own(self) -> None:
        assert texts(live()) == []

    def test_a_variable_that_was_added(self) -> None:
        [field] = foreign_fields(with_variable(), INPUTS, OWN)
        assert str(field) == f"spec.template.spec.containers[mimir].env[EXTRA] added by kubectl-set at {AT}"
        assert field.path == (*IN_CONTAINER, "env", 1)

    def test_a_variable_of_the_stacks_that_was_changed(self) -> None:
        deployment = live(owned(in_container("f:env", 'k:{"name":"LEVEL"}', "f:value")))
        container(deployment)["env"][0]["value"] = "debug"
        assert texts(deployment) == [
            f"spec.template.spec.containers[mimir].env[LEVEL].value changed by kubectl-set at {AT}"
        ]

    @pytest.mark.parametrize("section", ["containers", "initContainers", "volumes"])
    def test_what_a_pod_has_beside_it(self, section: str) -> None:
        deployment = live(owned(("f:spec", "f:template", "f:spec", f"f:{section}", 'k:{"name":"x"}', "f:image")))
        deployment["spec"]["template"]["spec"].setdefault(section, []).append({"name": "x", "image": "x"})
        [text] = texts(deployment)
        assert text.startswith(f"spec.template.spec.{section}") and "added by kubectl-set" in text

    def test_a_label_of_the_pods_and_a_pause(self) -> None:
        deployment = live(owned(("f:spec", "f:paused"), ("f:spec", "f:template", "f:metadata", "f:labels", "f:x")))
        deployment["spec"]["paused"] = True
        deployment["spec"]["template"]["metadata"]["labels"]["x"] = "y"
        assert [text.split()[0] for text in texts(deployment)] == ["spec.paused", "spec.template.metadata.labels.x"]

    def test_a_weakened_security_field(self) -> None:
        deployment = live(owned(in_container("f:securityContext", "f:readOnlyRootFilesystem"), manager="kubectl-patch"))
        container(deployment)["securityContext"]["readOnlyRootFilesystem"] = False
        assert [text.split()[-3] for text in texts(deployment)] == ["kubectl-patch"]

    def test_what_kubectl_scale_has_set(self) -> None:
        deployment = live(owned(("f:spec", "f:replicas"), manager="kubectl", subresource="scale"))
        deployment["spec"]["replicas"] = 0
        assert texts(deployment) == [f"spec.replicas changed by kubectl at {AT}"]

    def test_replicas_that_the_stack_leaves_to_an_autoscaler(self) -> None:
        deployment = live(owned(("f:spec", "f:replicas"), manager="kube-controller-manager", subresource="scale"))
        inputs = {**INPUTS, "spec": {"template": INPUTS["spec"]["template"]}}
        assert texts(deployment, inputs) == []

    def test_an_owner_of_what_is_as_it_should_be(self) -> None:
        """`kubectl apply` of the same file owns fields, and changes none."""
        item = in_container("f:ports", 'k:{"containerPort":8080,"protocol":"TCP"}')
        deployment = live(owned(("f:spec", "f:replicas"), in_container("f:image"), (*item, "."), (*item, "f:name")))
        container(deployment)["ports"][0]["protocol"] = "TCP"
        assert texts(deployment) == []

    def test_status_and_annotations_of_controllers(self) -> None:
        revision = ("f:metadata", "f:annotations", "f:deployment.kubernetes.io/revision")
        restarted = ("f:spec", "f:template", "f:metadata", "f:annotations", "f:kubectl.kubernetes.io/restartedAt")
        deployment = live(
            owned(("f:status", "f:replicas"), subresource="status"),
            owned(revision),
            owned(restarted, manager="kubectl"),
        )
        deployment["status"] = {"replicas": 1}
        deployment["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "2"}
        deployment["spec"]["template"]["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": AT}
        assert texts(deployment) == []

    def test_additions_to_kinds_in_which_controllers_write(self) -> None:
        claim = {"kind": "PersistentVolumeClaim", "metadata": {}, "spec": {"volumeName": "pvc-1"}}
        claim["metadata"] = {"managedFields": [owned(("f:spec", "f:volumeName"), manager="kube-controller-manager")]}
        assert foreign_fields(claim, {"kind": "PersistentVolumeClaim", "spec": {}}, OWN) == []

    def test_a_policy_that_lets_everybody_in(self) -> None:
        policy = {"kind": "NetworkPolicy", "spec": {"podSelector": {}, "ingress": [{}]}}
        policy["metadata"] = {"managedFields": [owned(("f:spec", "f:ingress"), manager="kubectl-edit")]}
        [field] = foreign_fields(policy, {"kind": "NetworkPolicy", "spec": {"podSelector": {}}}, OWN)
        assert str(field) == f"spec.ingress added by kubectl-edit at {AT}"

    def test_a_label_of_a_namespace_that_weakens_it(self) -> None:
        label = "pod-security.kubernetes.io/enforce"
        entry = owned(("f:metadata", "f:labels", f"f:{label}"), manager="kubectl-label")
        space = {"kind": "Namespace", "metadata": {"labels": {label: "privileged"}, "managedFields": [entry]}}
        desired = {"kind": "Namespace", "metadata": {"labels": {label: "restricted"}}}
        [field] = foreign_fields(space, desired, OWN)
        assert str(field) == f"metadata.labels.{label} changed by kubectl-label at {AT}"
        assert not field.is_added

    def test_what_the_state_holds_encrypted_is_not_judged(self) -> None:
        deployment = live(owned(("f:spec", "f:replicas"), in_container("f:env", 'k:{"name":"LEVEL"}', "f:value")))
        secret = {SIGNATURE: "of a secret", "ciphertext": "v1:x"}
        assert texts(deployment, {**INPUTS, "spec": secret}) == []
