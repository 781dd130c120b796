import json
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from mainapp.market.templatetags.sectors import SECTORS, sector_name


def sectors_in(value):
    if isinstance(value, dict):
        own = {value["sector"]} if value.get("sector") else set()
        return own.union(*map(sectors_in, value.values()))
    return set().union(*map(sectors_in, value)) if isinstance(value, list) else set()


SHIPPED = sorted(
    set().union(
        *(
            sectors_in(json.loads(path.read_text(encoding="utf-8")))
            for path in (Path(settings.BASE_DIR) / "data").glob("*.json")
        )
    )
)


@pytest.mark.parametrize("label", SHIPPED)
def test_every_sector_in_the_data_has_an_english_name(label):
    assert label in SECTORS
    with translation.override("en"):
        assert sector_name(label) != label


@pytest.mark.parametrize(
    ("label", "english"),
    [
        ("Consumo não Cíclico", "Consumer staples"),
        ("Saúde", "Health care"),
        ("Energy Minerals", "Energy Minerals"),
        ("", ""),
    ],
)
def test_sector_name_is_translated(label, english):
    with translation.override("en"):
        assert sector_name(label) == english
    assert sector_name(label) == label
