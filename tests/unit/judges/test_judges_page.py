"""docs/judges.md says what the judge files say."""

from pathlib import Path

from judgelake.judges import list_judges
from judgelake.judges.describe import judges_markdown


def test_the_page_is_that_of_the_judge_files(root: Path) -> None:
    assert (root / "docs" / "judges.md").read_text("utf-8") == judges_markdown(list_judges())


def test_every_judge_is_told_with_its_modes_and_how_they_are_asked(root: Path) -> None:
    page = judges_markdown(list_judges())
    for spec in list_judges():
        (row, *more) = [line for line in page.splitlines() if line.startswith(f"| `{spec.name}` |")]
        assert all(f"`{mode}`" in row for mode in spec.modes)
        assert len(more) == (spec.withheld is not None)
        assert ("prompt not included" in row) == (spec.withheld is not None)
