"""Reads the text of one schema file into what it says, part by part; nothing is looked up yet.

The grammar is that of the FlatBuffers documentation, "Grammar of the schema language" and "Schema". There is no
recursion in it but that of functions in constants, which is bounded here, so no text can be too deep.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from zlmdb.fbs import syntax
from zlmdb.fbs.source import Source, failure, quoted
from zlmdb.fbs.tokens import END, NAME, NUMBER, SIGN, STRING, Words

__all__ = ["parse_file"]

#: Parts of a namespace, characters of a full name, functions around a number: more than any person writes.
DEEPEST = 32
LONGEST = 1000

FUNCTIONS: dict[str, Callable[[float], float]] = {
    "deg": math.degrees,
    "rad": math.radians,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
}
NOT_A_NUMBER = {"nan": math.nan, "inf": math.inf, "infinity": math.inf}


def parse_file(source: Source) -> syntax.FileText:
    """What a text says.

    Raises:
        SchemaTextError: if it is not written in the schema language.
    """
    return _Parser(source).file()


class _Parser:
    def __init__(self, source: Source) -> None:
        self._words = Words(source)
        self._namespace: tuple[str, ...] = ()
        self._file = syntax.FileText(source)

    def file(self) -> syntax.FileText:
        """The whole text."""
        words = self._words
        readers = {
            "namespace": self._read_namespace,
            "attribute": self._read_attribute,
            "table": self._read_table,
            "struct": self._read_table,
            "enum": self._read_enum,
            "union": self._read_union,
            "root_type": self._read_root,
            "file_identifier": self._read_file_words,
            "file_extension": self._read_file_words,
            "rpc_service": self._read_service,
        }
        begun = False
        while words.kind != END:
            if words.kind == SIGN and words.text in "{[":
                raise failure(
                    words.place,
                    f"expected a declaration, found {words.found}: a schema holds no data; put JSON into its own file",
                )
            if words.kind == NAME and words.text in ("include", "native_include"):
                self._read_include(begun)
                continue
            reader = readers.get(words.text) if words.kind == NAME else None
            if reader is None:
                raise failure(words.place, f"expected one of {', '.join(readers)} or include, found {words.found}")
            begun = True
            reader(words.text)
        return self._file

    # -- words ---------------------------------------------------------------------------------------------------------

    def _is(self, sign: str) -> bool:
        return self._words.kind == SIGN and self._words.text == sign

    def _take(self, sign: str) -> bool:
        """Pass a sign if it stands here."""
        if self._is(sign):
            self._words.advance()
            return True
        return False

    def _need(self, sign: str, where: str, advice: str = "") -> None:
        if not self._take(sign):
            message = f"expected {sign!r} {where}, found {self._words.found}"
            raise failure(self._words.place, f"{message}: {advice}" if advice else message)

    def _name(self, what: str) -> syntax.Name:
        words = self._words
        if words.kind != NAME:
            raise failure(words.place, f"expected {what}, found {words.found}")
        name = syntax.Name(words.text, words.place)
        words.advance()
        return name

    def _dotted(self, what: str) -> syntax.Name:
        """A name that may have dots in it."""
        first = self._name(what)
        parts = [first.text]
        while self._take("."):
            parts.append(self._name("a name after '.'").text)
            if len(parts) > DEEPEST:
                raise failure(first.place, f"expected a name of at most {DEEPEST} parts, found more: shorten it")
        return syntax.Name(".".join(parts), first.place) if len(parts) > 1 else first

    def _string(self, what: str) -> syntax.Name:
        words = self._words
        if words.kind != STRING:
            raise failure(words.place, f"expected {what} in quotes, found {words.found}")
        text = syntax.Name(words.text, words.place)
        words.advance()
        return text

    def _declared(self, kind: str) -> syntax.Name:
        name = self._name(f"the name of the {kind}")
        if sum(map(len, self._namespace)) + len(self._namespace) + len(name.text) > LONGEST:
            raise failure(name.place, f"expected a full name of at most {LONGEST} characters: shorten the namespace")
        return name

    # -- statements ----------------------------------------------------------------------------------------------------

    def _read_include(self, begun: bool) -> None:
        native, place = self._words.text != "include", self._words.place
        if begun and not native:
            raise failure(place, "expected includes before all declarations, found one behind: move it to the top")
        self._words.advance()
        path = self._string("the path of a file")
        self._need(";", "after the path")
        if not native:  # the other kind is for generated C++ code only
            self._file.includes.append(path)

    def _read_namespace(self, _: str) -> None:
        self._words.advance()
        if self._take(";"):
            self._namespace = ()
            return
        name = self._dotted("a namespace")
        self._need(";", "after the namespace")
        self._namespace = tuple(name.text.split("."))
        if len(name.text) > LONGEST:
            raise failure(name.place, f"expected a namespace of at most {LONGEST} characters: shorten it")

    def _read_attribute(self, _: str) -> None:
        self._words.advance()
        plain = self._words.kind == NAME
        self._file.attributes.append(
            self._name("the name of an attribute") if plain else self._string("the name of an attribute")
        )
        self._need(";", "after the name of the attribute")

    def _read_root(self, _: str) -> None:
        place = self._words.place
        self._words.advance()
        name = self._dotted("the name of a table")
        self._need(";", "after the root type")
        if self._file.root is not None:
            raise failure(
                place, f"expected one root_type, found a second one beside {self._file.root.text}: remove one"
            )
        self._file.root, self._file.root_namespace = name, self._namespace

    def _read_file_words(self, word: str) -> None:
        place = self._words.place
        self._words.advance()
        text = self._string("an identifier" if word == "file_identifier" else "a file extension")
        self._need(";", f"after the {word}")
        if word == "file_identifier":
            if len(text.text.encode()) != 4:
                raise failure(
                    text.place,
                    f"expected a file_identifier of exactly 4 bytes, found {len(text.text.encode())}: change it",
                )
            known, self._file.identifier = self._file.identifier, text
        else:
            known, self._file.extension = self._file.extension, text
        if known is not None:
            raise failure(place, f"expected one {word}, found a second one beside {quoted(known.text)}: remove one")

    def _read_table(self, word: str) -> None:
        doc = tuple(self._words.docs)
        self._words.advance()
        name = self._declared(word)
        attributes = self._attributes()
        self._need("{", f"after the name of the {word}")
        fields: list[syntax.FieldText] = []
        while not self._take("}"):
            fields.append(self._field(word, name.text))
        self._file.declared.append(
            syntax.TableText(name.text, name.place, self._namespace, word == "struct", tuple(fields), attributes, doc)
        )

    def _field(self, word: str, owner: str) -> syntax.FieldText:
        doc = tuple(self._words.docs)
        name = self._name(f"the name of a field of {word} {owner}, or '}}',")
        self._need(":", f"after the name of field {name.text}", "write 'name: type;'")
        kind = self._type(f"of field {name.text}")
        default = self._constant(f"of field {name.text}") if self._take("=") else None
        attributes = self._attributes()
        self._need(";", f"after field {name.text}", "every field ends with ';'")
        return syntax.FieldText(name.text, name.place, kind, default, attributes, doc)

    def _type(self, where: str) -> syntax.TypeText:
        place = self._words.place
        if not self._take("["):
            name = self._dotted(f"the type {where}")
            return syntax.TypeText(name.text, place)
        if self._is("["):
            raise failure(
                self._words.place,
                "expected the type of the elements, found '[': a vector of vectors is not possible; put the inner "
                "one in a table, and make a vector of that table",
            )
        name = self._dotted(f"the type of the elements {where}")
        length: int | None = None
        if self._take(":"):
            constant = self._integer(f"the length {where}")
            length = int(constant.value)
            if not 1 <= length <= 65535:
                raise failure(constant.place, f"expected a length from 1 to 65535, found {length}")
        self._need("]", "after the type of the elements")
        return syntax.TypeText(name.text, place, True, length)

    def _read_enum(self, _: str) -> None:
        doc = tuple(self._words.docs)
        self._words.advance()
        name = self._declared("enum")
        self._need(":", f"after the name of enum {name.text}", f"name its integer type: 'enum {name.text}: byte {{'")
        base = self._type(f"of enum {name.text}")
        attributes = self._attributes()
        self._need("{", f"after the type of enum {name.text}")
        members: list[syntax.MemberText] = []
        while not self._take("}"):
            lines = tuple(self._words.docs)
            member = self._name(f"the name of a value of enum {name.text}, or '}}',")
            value = self._integer(f"the value of {member.text}") if self._take("=") else None
            self._attributes()  # of no meaning for the schema
            members.append(syntax.MemberText(member.text, member.place, value, lines))
            if not self._take(",") and not self._is("}"):
                raise failure(self._words.place, f"expected ',' or '}}' after {member.text}, found {self._words.found}")
        self._file.declared.append(
            syntax.EnumText(name.text, name.place, self._namespace, base, tuple(members), attributes, doc)
        )

    def _read_union(self, _: str) -> None:
        doc = tuple(self._words.docs)
        self._words.advance()
        name = self._declared("union")
        if self._take(":"):
            base = self._type(f"of union {name.text}")
            if base.vector or base.name not in ("ubyte", "uint8"):
                raise failure(
                    base.place, f"expected the type of a union to be ubyte, found {quoted(base.name)}: leave it out"
                )
        attributes = self._attributes()
        self._need("{", f"after the name of union {name.text}")
        members: list[syntax.VariantText] = []
        while not self._take("}"):
            first = self._dotted(f"a member of union {name.text}, or '}}',")
            kind = syntax.TypeText(first.text, first.place)
            if self._is(":") and "." not in first.text:
                self._words.advance()
                kind = self._type(f"of member {first.text}")
            value = self._integer(f"the value of {first.text}") if self._take("=") else None
            self._attributes()
            members.append(syntax.VariantText(first.text.replace(".", "_"), first.place, kind, value))
            if not self._take(",") and not self._is("}"):
                raise failure(self._words.place, f"expected ',' or '}}' after {first.text}, found {self._words.found}")
        self._file.declared.append(
            syntax.UnionText(name.text, name.place, self._namespace, tuple(members), attributes, doc)
        )

    def _read_service(self, _: str) -> None:
        self._words.advance()
        name = self._declared("rpc_service")
        attributes = self._attributes()
        self._need("{", "after the name of the rpc_service")
        methods: list[syntax.MethodText] = []
        while not self._take("}"):
            method = self._name(f"the name of a method of {name.text}, or '}}',")
            self._need("(", f"after the name of method {method.text}")
            request = self._type(f"of what {method.text} takes")
            self._need(")", "after the type")
            self._need(":", f"before what {method.text} answers")
            response = self._type(f"of what {method.text} answers")
            self._attributes()
            self._need(";", f"after method {method.text}")
            methods.append(syntax.MethodText(method.text, method.place, request, response))
        self._file.declared.append(
            syntax.ServiceText(name.text, name.place, self._namespace, tuple(methods), attributes)
        )

    # -- values --------------------------------------------------------------------------------------------------------

    def _attributes(self) -> dict[str, syntax.Attribute]:
        found: dict[str, syntax.Attribute] = {}
        if not self._take("("):
            return found
        while not self._take(")"):
            name = self._name("the name of an attribute, or ')',")
            value: int | str | bool = True
            if self._take(":"):
                words = self._words
                if words.kind == STRING:
                    value = self._string("a value").text
                else:
                    value = int(self._integer(f"the value of attribute {name.text}: an integer or a string").value)
            if name.text in found:
                raise failure(name.place, f"expected attribute {name.text} once, found it twice: remove one")
            found[name.text] = syntax.Attribute(value, name.place)
            if not self._take(",") and not self._is(")"):
                raise failure(
                    self._words.place, f"expected ',' or ')' after attribute {name.text}, found {self._words.found}"
                )
        return found

    def _integer(self, what: str) -> syntax.Constant:
        words, place = self._words, self._words.place
        value = _number(words.text) if words.kind == NUMBER else None
        if not isinstance(value, int):
            raise failure(place, f"expected {what} to be an integer, found {words.found}")
        words.advance()
        return syntax.Constant("number", value, place)

    def _constant(self, where: str) -> syntax.Constant:
        words, place = self._words, self._words.place
        if self._take("["):
            if not self._take("]"):
                raise failure(
                    words.place, f"expected ']' for the default {where}, found {words.found}: only [] is possible"
                )
            return syntax.Constant("empty", "[]", place)
        if words.kind == NUMBER:
            number = self._finite()
            return syntax.Constant("number", number, place)
        if words.kind == STRING:
            return syntax.Constant("string", self._string("a text").text, place)
        name = self._dotted(f"the default {where}: a number, name, string, null or []")
        if name.text in FUNCTIONS and self._is("("):
            return syntax.Constant("number", self._call(name), place)
        return syntax.Constant("name", name.text, place)

    def _finite(self) -> int | float:
        """A number that is infinite only if it says so."""
        words = self._words
        number = _number(words.text)
        whole = isinstance(number, int)
        fits = abs(number) < 2**1023 if whole else not math.isinf(number) or "inf" in words.text
        if not fits:
            raise failure(
                words.place, f"expected a number that fits float64, found {words.found}: write inf, or a smaller one"
            )
        words.advance()
        return number

    def _call(self, name: syntax.Name) -> float:
        """The value of ``sin(rad(30))``, whose first name has been passed."""
        words, calls = self._words, [name]
        self._need("(", "after the function")
        while words.kind == NAME and words.text in FUNCTIONS:
            calls.append(self._name("a function"))
            self._need("(", "after the function")
            if len(calls) > DEEPEST:
                raise failure(name.place, f"expected at most {DEEPEST} functions around a number, found more")
        value = NOT_A_NUMBER.get(words.text) if words.kind == NAME else None
        if words.kind == NUMBER:
            value = float(self._finite())
        elif value is None:
            raise failure(words.place, f"expected a number or a function, found {words.found}")
        else:
            words.advance()
        for call in reversed(calls):
            try:
                value = FUNCTIONS[call.text](value)
            except ValueError:
                raise failure(call.place, f"expected a number that {call.text} is defined for, found {value}") from None
            self._need(")", "after the number")
        return value


def _number(text: str) -> int | float:
    """The value of a number as the words give it."""
    bare = text.lstrip("+-").lower()
    if bare.startswith("0x"):
        if "." not in bare and "p" not in bare:
            return int(text, 16)
        try:
            return float.fromhex(text)
        except OverflowError:
            return math.inf
    if bare.isdigit():
        return int(text)
    return math.nan if bare == "nan" else float(text)
