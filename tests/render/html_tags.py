"""A parser that checks pages: their tags nest, run no script, and fetch what it lists."""

from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link"}


class Tags(HTMLParser):
    """Checks that tags nest, and keeps what a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.alts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        given = dict(attrs)
        self.fetched += [given[key] or "" for key in ("src", "data", "srcset") if key in given]
        self.alts += [given["alt"] or ""] if tag == "img" else []
        assert tag != "script"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
