"""Results as JUnit XML, for the dashboards of CI."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lemmata.verify.files import write_atomically


def write_junit(path: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Write one test case a claim, with its numbers as properties."""
    suite = ET.Element("testsuite", name="lemmata", tests=str(len(records)))
    counts = {"failures": 0, "errors": 0, "skipped": 0}
    for record in records:
        case = ET.SubElement(
            suite, "testcase",
            classname=record["id"].rpartition("/")[0].replace("/", "."),
            name=record["id"].rpartition("/")[2],
            time=f"{record['seconds']:.3f}",
        )  # fmt: skip
        _properties(case, record)
        kind = _failure(record)
        if kind:
            counts["errors" if kind == "error" else "failures"] += 1
            element = ET.SubElement(case, kind, message=_message(record), type=record["outcome"])
            element.text = record["traceback"] or record["replay"]
    for name, count in counts.items():
        suite.set(name, str(count))
    suite.set("time", f"{sum(record['seconds'] for record in records):.3f}")
    tree = ET.ElementTree(ET.Element("testsuites"))
    root = tree.getroot()
    assert root is not None
    root.append(suite)
    ET.indent(tree)
    write_atomically(
        path, lambda file: tree.write(file, encoding="utf-8", xml_declaration=True), mode="wb"
    )


def _failure(record: Mapping[str, Any]) -> str:
    if record["outcome"] == "error":
        return "error"
    return "" if record["as_expected"] else "failure"


def _message(record: Mapping[str, Any]) -> str:
    return f"{record['outcome']}, expected {record['expected']}: {record['reason'] or ''}"


def _properties(case: ET.Element, record: Mapping[str, Any]) -> None:
    worst = record["worst"] or {}
    numbers = {name: worst.get(name) for name in ("difference", "half_width", "margin")}
    properties = ET.SubElement(case, "properties")
    for name, value in {
        "outcome": record["outcome"],
        **numbers,
        "replay": record["replay"],
    }.items():
        ET.SubElement(properties, "property", name=name, value=str(value))
