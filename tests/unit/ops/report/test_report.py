"""The report as it is written, and how its command ends."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import pytest

from components.constants import OVERRIDES
from ops.commands import preview
from ops.exit_codes import ExitCode, process_exit_code
from ops.report import as_json, assemble, drifted, markdown, preview_events, report_files
from ops.report.change import fold
from ops.report.meaning import image
from ops.report.preview_events import Observed
from ops.report.report import Report, Violation
from ops.stack.stack_error import StackError
from tests.support import preview_events as says
from tests.support.preview_events import CREATE_FIRST, DELETE_FIRST, steps
from tests.support.reports import report

OLD = "127.0.0.1:5000/mimir@sha256:" + "a" * 64
NEW = "127.0.0.1:5000/mimir@sha256:" + "b" * 64


RESTART = steps(says.SERVICE, *CREATE_FIRST, paths=("envs[0]",), new={"envs": ["LEVEL=WARN"]})
LOSS = steps(says.DATA, *DELETE_FIRST, paths=("name",), protect=True)
STOPS = Violation("no-latest", "mimir", True, "names `latest`")
ADVICE = Violation("no-latest", "mimir", False, "names `latest`")


class TestExitCode:
    @pytest.mark.parametrize(
        ("made", "code"),
        [
            (report(), ExitCode.NO_CHANGE),
            (report(RESTART), ExitCode.CHANGE),
            (report(RESTART, violations=[ADVICE]), ExitCode.CHANGE),
            (report(RESTART, violations=[STOPS]), ExitCode.ERROR),
            (report(RESTART, errors=["no engine answers"]), ExitCode.ERROR),
            (report(LOSS), ExitCode.DESTRUCTIVE),
            (report(LOSS, allowed=frozenset({"another"})), ExitCode.DESTRUCTIVE),
            (report(LOSS, allowed=frozenset({"mimir-volumes-data"})), ExitCode.CHANGE),
            (report(LOSS, errors=["no engine answers"]), ExitCode.DESTRUCTIVE),
        ],
    )
    def test_a_pipeline_can_tell_them_apart(self, made: Report, code: ExitCode) -> None:
        assert made.code is code

    def test_only_a_change_is_forgiven_where_nobody_asks_for_details(self) -> None:
        assert [process_exit_code(code, detailed=True) for code in ExitCode] == [0, 1, 2, 3]
        assert [process_exit_code(code, detailed=False) for code in ExitCode] == [0, 1, 0, 3]


class TestMarkdown:
    def test_it_says_what_a_change_means_first(self) -> None:
        text = markdown.write(report(RESTART))
        assert text.startswith("<!-- mimir preview dev -->\n### Preview of `dev`: 1 change, no interruption\n")
        assert "| Interruption | none: a new version serves before the old one ends |" in text
        assert "| Restarts | application, 1 container: environment variable LEVEL |" in text
        assert "| Settings changed | `environment.logLevel` |" in text
        assert "| Resources | 1 replaced, 3 unchanged |" in text

    def test_an_interruption_is_in_the_title(self) -> None:
        text = markdown.write(report(steps(says.SERVICE, *DELETE_FIRST)))
        assert "⚠️ an interruption" in text.splitlines()[1]

    def test_a_destructive_change_says_how_to_allow_it(self) -> None:
        text = markdown.write(report(LOSS))
        assert "⛔" in text.splitlines()[1]
        assert "`mimir-volumes-data` (Volume) would be replaced: not allowed; protected" in text
        assert "make preview STACK=dev ALLOW='mimir-volumes-data'" in text
        assert "the label `allow: mimir-volumes-data`" in text

    def test_an_allowed_one_asks_for_nothing(self) -> None:
        text = markdown.write(report(LOSS, allowed=frozenset({"mimir-volumes-data"})))
        assert "would be replaced: allowed" in text
        assert "To allow it" not in text

    def test_a_preview_that_failed_promises_nothing(self) -> None:
        text = markdown.write(report(errors=["2 problems in stack dev"]))
        assert "❌ would fail" in text
        assert "2 problems in stack dev" in text
        for row in ("Interruption", "Restarts", "Volumes"):
            assert f"| {row} | not known" in text

    def test_violations_that_stop_come_first(self) -> None:
        other = Violation("own-rule", "", True, "wrong\nmend it")
        text = markdown.write(report(RESTART, violations=[ADVICE, other], packs={"mimir": "v1"}))
        assert text.index("**stops**: `own-rule`") < text.index("advice: `no-latest` on `mimir`")
        assert "| Policies | 1 violation, 1 of advice (mimir v1) |" in text

    def test_text_of_others_cannot_write_markdown(self) -> None:
        text = markdown.write(report(errors=["```\n# Approved by security\n```"], warnings=["a ```` b"]))
        fences = re.findall(r"^`{3,}$", text, re.MULTILINE)
        assert fences.count("````") == 2, "longer than the fence in the error"
        assert fences.count("`````") == 2, "longer than the one in the warning"

    def test_a_name_cannot_end_its_cell(self) -> None:
        [row] = [
            line for line in markdown.write(report(steps("my:type:T::a`b|c", "create"))).splitlines() if "a'b" in line
        ]
        assert "a'b\\|c" in row

    def test_a_long_report_fits_into_a_comment(self) -> None:
        many = [steps(f"my:type:T::{'n' * 60}-{number}", "create") for number in range(2000)]
        text = markdown.write(report(*many, RESTART))
        assert len(text) <= markdown.LIMIT
        assert "more: in the full report." in text
        assert "| Restarts | application, 1 container" in text, "what it means is never cut"
        assert text.count("<details>") == text.count("</details>")
        assert len(markdown.write(report(*many), limit=10**9)) > markdown.LIMIT

    def test_a_long_error_is_cut_and_closed(self) -> None:
        text = markdown.write(report(RESTART, errors=["x" * 90 + "\n"] * 1000))
        assert len(text) <= markdown.LIMIT
        assert text.endswith("Cut here: the rest is in the full report.\n")
        assert len(re.findall(r"^`{3,}", text, re.MULTILINE)) % 2 == 0

    def test_drift_says_how_to_put_it_back(self) -> None:
        text = markdown.write(report(steps(says.EDGE, "delete"), kind="drift"))
        assert "### Drift of `dev`: 1 change behind Pulumi's back" in text
        assert "make refresh STACK=dev" in text
        assert "Interruption" not in text


def test_json_has_names_and_no_values() -> None:
    document = json.loads(as_json.write(report(RESTART, LOSS, violations=[STOPS], packs={"mimir": "v1"})))
    assert (document["schema"], document["result"], document["stack"]) == (1, "destructive", "dev")
    assert document["counts"] == {"create": 0, "update": 0, "replace": 2, "delete": 0, "unchanged": 3}
    assert document["destructive"] == [
        {"name": "mimir-volumes-data", "type": "docker:index/volume:Volume", "kind": "replace", "allowed": False}
    ]
    assert [one["paths"] for one in document["changes"]] == [["envs[0]"], ["name"]]
    assert document["policies"]["violations"][0]["policy"] == "no-latest"
    assert "WARN" not in json.dumps(document)


class TestImage:
    @staticmethod
    def describe(before: str, after: str, *announced: Any, errors: Any = (), built: str | None = None) -> str:
        program = "pulumi:pulumi:Stack::mimir-dev"
        images = ({"image": before} if before else {}, {"image": after} if after else {})
        [result] = steps(program, "same", outputs=images, custom=False)
        seen = Observed((), (result,), images[1], (), tuple(errors), (), {}, "", bool(errors))
        return image.describe(seen, fold(step for group in announced for step in group), lambda: built)

    def test_one_that_stays(self) -> None:
        assert self.describe(OLD, OLD) == f"not rebuilt, `{OLD}`"

    def test_one_that_is_built_anew_has_its_new_digest(self) -> None:
        text = self.describe(OLD, OLD, steps(says.IMAGE, "update"), built="sha256:" + "b" * 64)
        assert text.startswith(f"rebuilt, `sha256:{'b' * 64}`, in place of `{OLD}`")

    def test_the_same_result_is_said(self) -> None:
        text = self.describe(OLD, OLD, steps(says.IMAGE, "update"), built="sha256:" + "a" * 64)
        assert text.startswith("rebuilt, with the same result")

    def test_a_digest_that_nobody_can_tell_is_not_made_up(self) -> None:
        assert "known after the push" in self.describe(OLD, OLD, steps(says.IMAGE, "update"))

    def test_one_that_does_not_build(self) -> None:
        errors = [(says.urn(says.IMAGE), "failed to solve")]
        assert self.describe(OLD, OLD, steps(says.IMAGE, "update"), errors=errors) == "**does not build**"

    def test_a_given_digest_in_place_of_another(self) -> None:
        assert self.describe(OLD, NEW) == f"given, `{NEW}`, in place of `{OLD}`"

    def test_none_yet(self) -> None:
        assert self.describe("", "") == "none yet"


class TestDrift:
    def test_what_is_gone(self) -> None:
        [change] = drifted.drift_changes(steps(says.EDGE, "delete"))
        assert (change.name, change.kind) == ("mimir-edge", "delete")

    def test_what_the_provider_says_that_differs(self) -> None:
        [change] = drifted.drift_changes(steps(says.SERVICE, "update", paths=("memory",)))
        assert change.paths == ("memory",)

    def test_what_the_provider_does_not_notice(self) -> None:
        """The kubernetes provider compares what it was told with what it was told."""
        told = {"spec": {"replicas": 2, "template": {"x": [1, 2]}}}
        was = {"spec": {"replicas": 2, "template": {"x": [1, 2]}, "clusterIP": "10.0.0.1"}, "status": {"ready": 2}}
        now = {"spec": {"replicas": 1, "template": {"x": [1, 3]}, "clusterIP": "10.0.0.2"}, "status": {"ready": 1}}
        [change] = drifted.drift_changes(steps(says.PODS, "same", old=told, new=told, outputs=(was, now)))
        assert change.paths == ("spec.replicas", "spec.template.x[1]")

    def test_what_others_set_is_none_of_our_business(self) -> None:
        told = {"spec": {"a": 1}}
        was, now = {"spec": {"a": 1}, "status": 1}, {"spec": {"a": 1, "b": 2}, "status": 2}
        assert drifted.drift_changes(steps(says.PODS, "same", old=told, new=told, outputs=(was, now))) == []

    def test_components_are_no_drift(self) -> None:
        assert drifted.drift_changes(steps(says.PODS, "delete", custom=False)) == []


class TestLabels:
    def test_they_allow_by_name(self) -> None:
        assert preview.allowed_by_labels('["bug", "allow: mimir-volumes-data"]') == {"mimir-volumes-data"}
        assert preview.allowed_by_labels("") == frozenset()

    @pytest.mark.parametrize("labels", ["allow: x", "{}", "[1]", "null"])
    def test_anything_but_a_list_is_refused(self, labels: str) -> None:
        with pytest.raises(StackError, match="MIMIR_ALLOW_LABELS: must be a JSON list of labels"):
            preview.allowed_by_labels(labels)


class TestCommand:
    """`python -m ops preview`."""

    @staticmethod
    def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> dict[str, Any]:
        """What the command asks for."""
        asked: dict[str, Any] = {}

        def make_report(stack: Any, **how: Any) -> tuple[Report, str]:
            asked.update(how)
            return report(RESTART), ""

        monkeypatch.setattr(
            preview_events, "workspace", lambda name, environment: asked.update(name=name, env=environment)
        )
        monkeypatch.setattr(assemble, "preview", make_report)
        monkeypatch.setattr(report_files, "write", lambda stack, made, text, arguments: 0)
        parser = argparse.ArgumentParser()
        parser.add_argument("--stack", default="dev")
        preview.arguments(parser)
        assert preview.run(parser.parse_args(arguments)) == 0
        return asked

    def test_a_source_for_one_run_reaches_the_program(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = self.run(monkeypatch, "--source", str(tmp_path))
        assert json.loads(asked["env"][OVERRIDES])["source"]["location"] == str(tmp_path)
        assert asked["command"] == f"make preview STACK=dev SOURCE={tmp_path}"

    def test_what_may_be_destroyed_comes_from_both_sides(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(preview.LABELS, '["allow: mimir-volumes-data"]')
        assert self.run(monkeypatch, "--allow", "a", "b")["allowed"] == {"a", "b", "mimir-volumes-data"}
