"""The pages in docs whose examples are meant to be copied: they run, and print what is told."""

import pytest
from tests.pages import blocks, run_blocks


@pytest.mark.heavy
@pytest.mark.parametrize("page", ["delay_equations.md", "stability.md"])
def test_a_page_runs(checkout, page):
    run_blocks((checkout / "docs" / page).read_text(encoding="utf-8"))


def test_the_page_on_delay_equations_starts_in_ten_lines(checkout):
    page = (checkout / "docs" / "delay_equations.md").read_text(encoding="utf-8")
    code = [line for line in blocks(page, "python")[0].splitlines() if line.strip()]
    assert len(code) <= 11  # one of them switches double precision on


def test_a_wrong_print_fails():
    run_blocks("```python\nx = 1\n```\n\n```python\nprint(x + 1)  # 2\n```\n")
    with pytest.raises(AssertionError):
        run_blocks("```python\nprint(1 + 1)  # 3\n```\n")
