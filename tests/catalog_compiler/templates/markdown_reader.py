"""What a reader of Markdown sees: the text, and every kind of structure that is in it."""

from markdown_it import MarkdownIt

READER = MarkdownIt("commonmark").enable(["strikethrough", "table"])
PLAIN = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak", "text_special"}


def read(markdown: str) -> tuple[str, set[str]]:
    """The words that are shown, and the kinds of structure, links with their address."""
    text, structure = [], set()
    for block in READER.parse(markdown):
        for token in [block, *(block.children or [])]:
            if token.type in ("softbreak", "hardbreak", "paragraph_close"):
                text.append("\n")
            elif token.type != "inline":
                text.append(token.content)
            if token.type not in PLAIN:
                structure.add(f"{token.type} {token.attrs.get('href', '')}".strip())
    return "".join(text), structure


def words(text: str) -> list[str]:
    """A text but for its white space, which Markdown does not keep."""
    return text.replace("\x00", "\ufffd").split()
