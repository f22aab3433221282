"""Text inside the Markdown tables of the generated pages in docs/."""


def cell(text: str) -> str:
    """The text as a cell of a table: nothing in it ends the cell or is read as HTML."""
    return text.replace("|", "\\|").replace("<", "&lt;")
