"""The style guide: every part in every state, with invented data. Only with DEBUG."""

from decimal import Decimal
from math import sin

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mainapp.market.rendering import Point, area_chart
from mainapp.market.selectors.index_map import MapRow

PAPERS = [("PETR4", "Petrobras PN"), ("VALE3", "Vale ON"), ("HGLG11", "Pátria Log FII")]
TILES = [
    ("ITUB4", "Itaú PN", "Financeiro", 9, "2.40"),
    ("BBAS3", "BB ON", "Financeiro", 4, "-0.40"),
    ("VALE3", "Vale ON", "Materiais Básicos", 11, "-3.10"),
    ("PETR4", "Petrobras PN", "Petróleo, Gás e Biocombustíveis", 8, "4.90"),
    ("ABEV3", "Ambev ON", "Consumo não Cíclico", 3, "0.00"),
    ("XXXX3", "Sem preço", "Consumo não Cíclico", 1, None),
]


def guide(request: HttpRequest) -> HttpResponse:
    points: list[Point] = [(n * 300, f"{100 + n / 8 + 3 * sin(n / 5):.2f}") for n in range(85)]
    context = {
        "papers": PAPERS,
        "points": points,
        "base": Decimal(101),
        "chart": area_chart(points, base=Decimal(101), by_time=True),
        "tiles": [
            MapRow(
                symbol=symbol,
                name=name,
                group=group,
                weight=Decimal(weight),
                change_pct=Decimal(change) if change else None,
            )
            for symbol, name, group, weight, change in TILES
        ],
    }
    return render(request, "mainapp/parts/styleguide.html", context)
