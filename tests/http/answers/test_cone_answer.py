"""Documents of a cone search."""

import xml.etree.ElementTree as ET

from galsearch.http.answers.cone_answer import cone_error


def test_an_error_with_marks_of_xml_is_a_document() -> None:
    root = ET.fromstring(cone_error('a < b & "c" </VOTABLE>'))  # noqa: S314 (our own text)
    infos = [element for element in root.iter() if element.tag.endswith("INFO")]
    assert infos[0].attrib["value"] == infos[1].text == 'a < b & "c" </VOTABLE>'
