"""The words of the schema language, one at a time.

What a text is made of: names, numbers (decimal, hexadecimal, with a fraction or exponent), strings in double or single
quotes with the escapes of JSON and ``\\xHH``, and the signs ``{ } ( ) [ ] , : ; = .``
Between them: white space, ``// comments``, ``/* comments */``; ``///`` documents what stands on the next line.
"""

from __future__ import annotations

import re

from zlmdb.fbs.source import Place, Source, failure, quoted

__all__ = ["END", "NAME", "NUMBER", "SIGN", "STRING", "Words"]

NAME, NUMBER, STRING, SIGN, END = "name", "number", "string", "sign", "end"

#: Longer names and numbers are no names and numbers of a person; Python refuses to convert digits without end.
LONGEST_NAME = 500
LONGEST_NUMBER = 400

_BLANK = re.compile(r"[ \t\v\f]+")
_LINE_END = re.compile(r"\r\n|\n|\r")
_COMMENT = re.compile(r"//[^\n\r]*")
_WORD = re.compile(
    r"""(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>[+-]?(?:0[xX](?:[0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?
        |(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|[+-](?:inf(?:inity)?|nan)(?![A-Za-z0-9_]))
    |(?P<string>"[^"\\\x00-\x1f]*(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*)*"|'[^'\\\x00-\x1f]*(?:\\[^\x00-\x1f][^'\\\x00-\x1f]*)*')
    |(?P<sign>[{}()\[\],:;=.])""",
    re.VERBOSE,
)
_GLUED = re.compile(r"[A-Za-z0-9_.]")
_ESCAPE = re.compile(r"\\(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\", "/": "/"}


class Words:
    """The words of one text; :meth:`advance` goes to the next.

    Attributes:
        kind: of the word: NAME, NUMBER, STRING, SIGN or END.
        text: the word; of a string, its value.
        offset: of its first character.
        docs: lines of the ``///`` comments right before it, without the sign and one space after it.
    """

    __slots__ = ("_at", "docs", "kind", "offset", "source", "text")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.kind, self.text, self.offset, self._at = "", "", 0, 0
        self.docs: list[str] = []
        if source.text.startswith("\ufeff"):
            self._at = 1
        self.advance()

    @property
    def place(self) -> Place:
        """Where the word stands."""
        return Place(self.source, self.offset)

    @property
    def found(self) -> str:
        """The word as a message shows it."""
        if self.kind == END:
            return "the end of the text"
        return f"the string {quoted(self.text)}" if self.kind == STRING else quoted(self.text)

    def advance(self) -> None:
        """Go to the next word.

        Raises:
            SchemaTextError: if what stands there is none.
        """
        text = self.source.text
        at = self._skip(text, self._at)
        self.offset = at
        if at >= len(text):
            self.kind, self.text, self._at = END, "", at
            return
        word = _WORD.match(text, at)
        if word is None:
            raise self._strange(text, at)
        self.kind, self.text, self._at = word.lastgroup or "", word[0], word.end()
        if self.kind == NAME:
            if len(self.text) > LONGEST_NAME:
                raise failure(
                    self.place,
                    f"expected a name of at most {LONGEST_NAME} characters, found {len(self.text)}: shorten it",
                )
        elif self.kind == NUMBER:
            if len(self.text) > LONGEST_NUMBER:
                raise failure(
                    self.place,
                    f"expected a number of at most {LONGEST_NUMBER} characters, found {len(self.text)}: shorten it",
                )
            if self._at < len(text) and _GLUED.match(text, self._at):
                end = self._at
                while end < len(text) and end < self._at + 40 and _GLUED.match(text, end):
                    end += 1
                raise failure(
                    self.place,
                    f"expected a number or a name, found {quoted(text[at:end])}: a name begins with a letter or _",
                )
        elif self.kind == STRING:
            self.text = self._unescaped(self.text[1:-1])

    def _skip(self, text: str, at: int) -> int:
        """Passes what stands between words, and keeps documentation."""
        self.docs = []
        alone = at <= 1  # on a line without a word before it
        end = len(text)
        while at < end:
            char = text[at]
            if char in " \t\v\f":
                blank = _BLANK.match(text, at)
                at = blank.end() if blank else at + 1
            elif char in "\n\r":
                at += 2 if text.startswith("\r\n", at) else 1
                alone = True
            elif char == "/" and text.startswith("//", at):
                comment = _COMMENT.match(text, at)
                stop = comment.end() if comment else end
                if text.startswith("///", at):
                    if not alone:
                        raise failure(
                            Place(self.source, at),
                            "expected a documentation comment (///) on a line of its own, found one behind other text: "
                            "move it to the line before what it documents, or write //",
                        )
                    line = text[at + 3 : stop]
                    self.docs.append(line[1:] if line.startswith(" ") else line)
                at = stop
            elif char == "/" and text.startswith("/*", at):
                stop = text.find("*/", at + 2)
                if stop < 0:
                    raise failure(Place(self.source, at), "expected '*/' at the end of a comment, found none: add it")
                alone = alone or _LINE_END.search(text, at, stop) is not None
                at = stop + 2
            else:
                break
        return at

    def _strange(self, text: str, at: int) -> Exception:
        place, char = Place(self.source, at), text[at]
        if char in "\"'":
            return failure(
                place,
                f"expected a string that ends with {char} on its line, found none: close it, and write line ends, "
                r"tabs and other control characters as \n, \t, \u0000",
            )
        if char == "\0":
            return failure(place, "expected the text of a schema, found a NUL character: is this a binary file?")
        if char in "+-":
            return failure(place, f"expected a number after {char!r}, found {quoted(text[at + 1 : at + 2])}")
        return failure(
            place, f"expected a name, number, string or one of {{ }} ( ) [ ] , : ; = . found {char!r}: remove it"
        )

    def _unescaped(self, raw: str) -> str:
        if "\\" not in raw:
            return self._text_of(raw.encode("utf-8", "surrogatepass"))
        parts, at = bytearray(), 0
        for escape in _ESCAPE.finditer(raw):
            parts += raw[at : escape.start()].encode("utf-8", "surrogatepass")
            at, code = escape.end(), escape[1]
            if len(code) == 3 and code[0] == "x":
                parts.append(int(code[1:], 16))
            elif len(code) == 5 and code[0] == "u":
                parts += chr(int(code[1:], 16)).encode("utf-8", "surrogatepass")
            elif len(code) > 5:
                pair = bytes.fromhex(code[1:5] + code[7:11])
                parts += pair.decode("utf-16-be").encode()
            elif code in _ESCAPES:
                parts += _ESCAPES[code].encode()
            else:
                raise failure(
                    Place(self.source, self.offset + 1 + escape.start()),
                    f"expected one of \\n \\t \\r \\b \\f \\\" \\' \\\\ \\/ \\uXXXX \\xXX, found {quoted(escape[0])}",
                )
        parts += raw[at:].encode("utf-8", "surrogatepass")
        return self._text_of(bytes(parts))

    def _text_of(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise failure(
                self.place,
                f"expected a string that is UTF-8, found the byte {data[error.start]:02x} in it: mend its escapes",
            ) from None
