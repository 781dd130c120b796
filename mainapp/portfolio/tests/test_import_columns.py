"""Tables, and the roles of their columns."""

from decimal import Decimal

import pytest

from mainapp.portfolio.imports.naming import symbols_in
from mainapp.portfolio.imports.reading import Choices, State
from mainapp.portfolio.imports.roles import IGNORED
from mainapp.portfolio.imports.sheets import Sheet, UnreadableFile
from mainapp.portfolio.imports.titles import Role
from mainapp.portfolio.tests.imported import holdings_of_text, sheet_of, table_of, tables_of


def roles_of(text, **options):
    table = table_of(text, **options)
    return {role.value: table.table.title(place) for role, place in table.columns.roles.items()}


@pytest.mark.parametrize(
    "title",
    [
        "Quantidade", "Qtd.", "QTDE", "Qtd. total", "Quant.", "Cotas", "Nº de cotas", "Shares",
        "Quantidade em custódia", "Qtd Ações", "Unidades", "quantity", "Unid.", "Holdings",
    ],
)  # fmt: skip
def test_quantity_is_known_by_its_title(title):
    assert roles_of(f"Ticker;{title};Preço médio\nPETR4;100;30,10\n")["quantidade"] == title


@pytest.mark.parametrize(
    "title",
    [
        "Preço médio", "PREÇO MÉDIO (R$)", "Preço Médio de Compra", "PM", "P.M.", "P. médio",
        "Custo médio (R$)", "Custo unitário", "Preço de compra", "Preço de aquisição",
        "Preço médio (abertura)", "Preço médio atual", "Preco medio ajustado", "Avg. price",
        "Average Cost", "Purchase Price", "Cost per share", "Preço pago", "Pr. médio",
        "Custo por ação", "Preço de custo", "Cost price", "PMC", "Cotação média", "Médio",
        "Cost basis/share",
    ],
)  # fmt: skip
def test_average_price_is_known_by_its_title(title):
    text = f"Ticker;Quantidade;Preço atual;{title}\nPETR4;100;38,42;30,10\n"
    assert roles_of(text)["preco_medio"] == title


@pytest.mark.parametrize(
    "title",
    [
        "Preço atual", "Cotação", "Preço de fechamento", "Preço teto", "Preço médio de venda",
        "Preço médio (US$)", "Último preço", "Current Price", "Preço alvo", "Rentabilidade",
    ],
)  # fmt: skip
def test_other_prices_are_not_the_average_price(title):
    table = table_of(f"Ticker;Quantidade;{title}\nPETR4;100;30,10\n")
    assert table.columns.missing == [Role.PRECO_MEDIO]
    assert table.state == State.INCOMPLETE


@pytest.mark.parametrize(
    "title",
    ["Valor investido", "Custo total", "Total aplicado", "Cost basis", "Valor total de compra"],
)
def test_total_cost_replaces_a_missing_average_price(title):
    text = f"Ticker;Quantidade;{title};Valor atual\nPETR4;100;3.010,00;3.850,00\n"
    assert roles_of(text)["custo_total"] == title
    assert holdings_of_text(text) == {"PETR4": (100, Decimal("30.1"))}


def test_average_price_wins_over_a_total_cost():
    text = "Ticker;Quantidade;Custo total;Preço médio\nPETR4;100;3010,00;30,10\n"
    assert set(roles_of(text)) == {"ativo", "quantidade", "preco_medio"}


@pytest.mark.parametrize(
    ("header", "row", "role"),
    [
        ("Preço médio;Custo total;Valor investido", "30,10;3.010,00;3.000,00", "preco_medio"),
        ("Preço;Price;Valor investido", "38;38,5;3.010,00", "custo_total"),
    ],
)
def test_columns_that_are_not_needed_are_not_asked_about(header, row, role):
    text = f"Ticker;Quantidade;{header}\nPETR4;100;{row}\n"
    assert role in roles_of(text)
    assert holdings_of_text(text) == {"PETR4": (100, Decimal("30.1"))}


def test_header_may_have_numbers_and_a_row_of_labels_is_not_one():
    rows = [
        ["Valor investido", Decimal(3010), "Quantidade", Decimal(100)],
        ["Ticker", "Quantidade", "PM", Decimal(2025), Decimal(2026)],
        ["PETR4", Decimal(100), Decimal("30.1"), Decimal(1), Decimal(2)],
    ]
    (table,) = tables_of(Sheet(rows=rows))
    assert table.table.header_number == 2
    assert [lot.symbol for lot in table.rows.lots] == ["PETR4"]
    texts = [[str(cell) for cell in row] for row in rows]
    (table,) = tables_of(Sheet(rows=texts, separator=";"))
    assert table.table.header_number == 2


def test_price_alone_is_asked_about():
    text = "Ticker;Quantidade;Preço\nPETR4;100;30,10\n"
    table = table_of(text)
    assert table.state == State.DOUBT
    assert [(doubt.role, doubt.places) for doubt in table.columns.doubts] == [("preco_medio", (2,))]
    chosen = Choices(roles={0: {2: "preco_medio"}})
    assert holdings_of_text(text, choices=chosen) == {"PETR4": (100, Decimal("30.1"))}
    assert table_of(text, choices=Choices(roles={0: {2: IGNORED}})).state == State.INCOMPLETE
    # Submitted without an answer, the question stays.
    assert table_of(text, choices=Choices(roles={0: {2: ""}})).state == State.DOUBT


def test_two_average_prices_are_asked_about_unless_they_are_equal():
    header = "Ticker;Quantidade;Preço médio;Preço médio (R$)\n"
    table = table_of(f"{header}PETR4;100;30,10;31,20\n")
    assert [doubt.places for doubt in table.columns.doubts] == [(2, 3)]
    assert table_of(f"{header}PETR4;100;30,10;30,10\n").state == State.READ
    chosen = Choices(roles={0: {2: IGNORED, 3: "preco_medio"}})
    text = f"{header}PETR4;100;30,10;31,20\n"
    assert holdings_of_text(text, choices=chosen) == {"PETR4": (100, Decimal("31.2"))}


def test_exact_title_wins_over_a_longer_one():
    text = "Ticker;Quantidade disponível;Quantidade;Preço médio\nPETR4;80;100;30,10\n"
    assert roles_of(text)["quantidade"] == "Quantidade"


def test_titles_above_distinguish_equal_ones():
    text = (
        ";Compra;;Venda;\n"
        "Ativo;Quantidade;Preço médio;Quantidade;Preço médio\n"
        "PETR4;100;30,10;5;40\n"
    )
    assert holdings_of_text(text) == {"PETR4": (100, Decimal("30.1"))}


def test_one_role_in_two_columns_is_refused():
    text = "Ticker;Quantidade;Preço médio;Outra\nPETR4;100;30,10;5\n"
    table = table_of(text, choices=Choices(roles={0: {3: "quantidade"}}))
    assert [doubt.places for doubt in table.columns.doubts] == [(1, 3)]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Ativo;Código;Quantidade;PM\nPetrobras PN;PETR4;1;2\nVale ON;VALE3;1;2\n", "Código"),
        ("Código;Ticker;Quantidade;PM\n1;PETR4;1;2\n2;VALE3;1;2\n", "Ticker"),
        ("Ticker;Novo;Quantidade;PM\nXXXX3;PETR4;1;2\nYYYY3;VALE3;1;2\n", "Novo"),
        ("Empresa;Quantidade;PM\nPETR4 - Petrobras;1;2\n", "Empresa"),
        ("Coluna;Quantidade;PM\nVALE3;1;2\n", "Coluna"),
        ("Ativo;Código;Quantidade;PM\nXXXX3;1;1;2\n", "Ativo"),
    ],
)
def test_code_is_the_column_of_known_stocks(text, title):
    assert roles_of(text)["ativo"] == title


@pytest.mark.parametrize(
    ("title", "values"),
    [
        ("Nota", ["10%", "5%"]),
        ("Peso", ["12,5", "87,5"]),
        ("Peso", ["40", "60"]),
        ("Peso", ["0,4", "0,6"]),
        ("Peso (%)", ["4", "6"]),
        ("% da carteira", ["4", "6"]),
        ("Nota de corretagem", ["4", "6"]),
    ],
)
def test_percentage_is_never_a_nota(title, values):
    rows = "".join(
        f"{symbol};1;2;{value}\n" for symbol, value in zip(["PETR4", "VALE3"], values, strict=True)
    )
    assert "nota" not in roles_of(f"Ticker;Quantidade;PM;{title}\n{rows}")


@pytest.mark.parametrize("title", ["Nota", "Peso", "Rating", "Nota (0 a 10)", "Nota (0-10)"])
def test_whole_numbers_up_to_ten_are_notas(title):
    text = f"Ticker;Quantidade;PM;{title}\nPETR4;1;2;7\nVALE3;1;2;\n"
    assert [lot.nota for lot in table_of(text).rows.lots] == [7, None]


def test_percentage_is_neither_quantity_nor_price():
    text = "Ticker;Quantidade;Qtd. na carteira;Preço médio;Rentab. preço médio\nPETR4;1;5%;2;3%\n"
    table = table_of(text)
    assert table.columns.roles[Role.QUANTIDADE] == 1
    assert any("percentuais" in note for note in table.columns.notes)


def test_header_is_found_below_any_number_of_titles():
    titles = "".join(f"Título {n}, valores em R$\n\n" for n in range(60))
    assert holdings_of_text(f"{titles}Ticker;Quantidade;PM\nPETR4;100;30,10\n")


def test_tables_one_below_the_other_have_their_own_columns():
    text = (
        "Ações;;\nTicker;Quantidade;PM\nPETR4;100;30,10\nTotal;100;\n;;\n"
        "FIIs;;\nPM;Cotas;Código\n160,5;10;HGLG11\n"
    )
    tables = tables_of(sheet_of(text))
    assert [[lot.symbol for lot in table.rows.lots] for table in tables] == [["PETR4"], ["HGLG11"]]
    assert tables[1].rows.lots[0].quantity == 10


def test_repeated_header_is_skipped():
    header = "Ticker;Quantidade;PM\n"
    table = table_of(f"{header}PETR4;1;2\n{header}VALE3;1;2\n")
    assert [lot.number for lot in table.rows.lots] == [2, 4]
    assert table.rows.skipped == [3]


def test_table_without_a_header_asks_for_its_columns():
    text = "PETR4;100;30,10\nVALE3;20;61,00\n"
    table = table_of(text)
    assert table.state == State.INCOMPLETE
    assert table.columns.missing == [Role.QUANTIDADE, Role.PRECO_MEDIO]
    chosen = Choices(roles={0: {1: "quantidade", 2: "preco_medio"}})
    assert holdings_of_text(text, choices=chosen)["VALE3"] == (20, 61)


@pytest.mark.parametrize("text", ["", "Patrimônio;10\n", "a;b\nc;d\n", "<p>PETR4</p>\n"])
def test_sheet_without_a_table_is_refused(text):
    with pytest.raises(UnreadableFile, match="Não achamos um cabeçalho"):
        tables_of(sheet_of(text))


def test_hidden_sheet_is_named():
    with pytest.raises(UnreadableFile, match="Abas ocultas não são lidas: Segredo"):
        tables_of(Sheet(name="Segredo", is_hidden=True, rows=[["Ticker", "Quantidade", "PM"]]))


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (
            "Data do Negócio;Tipo de Movimentação;Mercado;Prazo/Vencimento;Instituição;"
            "Código de Negociação;Quantidade;Preço;Valor;Conta",
            "Negociação",
        ),
        (
            "Entrada/Saída;Data;Movimentação;Produto;Instituição;Quantidade;Preço unitário;"
            "Valor da Operação",
            "Movimentação",
        ),
        (
            "Produto;Instituição;Conta;Código de Negociação;CNPJ do Fundo;"
            "Código ISIN / Distribuição;Tipo;Administrador;Quantidade;Quantidade Disponível;"
            "Quantidade Indisponível;Motivo;Preço de Fechamento;Valor Atualizado",
            "Posição",
        ),
        (
            "Data de liquidação;Empresa;Tipo;Oferta;Instituição;Quantidade;Preço;Valor;"
            "Código de Negociação;Preço Máximo;Modalidade de Reserva;Quantidade Reservada;"
            "Valor Reservado",
            "Ofertas Públicas",
        ),
        (
            "Código de Negociação;Período (Inicial);Período (Final);Instituição;"
            "Quantidade (Compra);Quantidade (Venda);Quantidade (Líquida);Preço Médio (Compra);"
            "Preço Médio (Venda)",
            "Negociações do Relatório",
        ),
        (
            "Produto;Pagamento;Tipo de Evento;Instituição;Quantidade;Preço unitário;Valor líquido",
            "Proventos",
        ),
        ("Produto;Tipo de Evento;Valor líquido", "Proventos"),
        (
            "Produto;Tipo;Tipo de Evento;Previsão de pagamento;Instituição;Conta;Quantidade;"
            "Preço unitário;Valor líquido",
            "Eventos Provisionados",
        ),
        (
            "Produto;Instituição;Conta;Natureza;Número de Contrato;Modalidade;OPA;"
            "Liquidação antecipada;Taxa;Comissão;Data de registro;Data de vencimento;Quantidade;"
            "Preço de Fechamento;Valor Atualizado",
            "Empréstimos",
        ),
    ],
)
@pytest.mark.parametrize("title", ["", "Período de 01/01/2026 a 31/03/2026\n\n"])
def test_files_of_b3_are_named(header, name, title):
    cells = ";".join(
        "PETR4" if "Código" in cell or "Produto" in cell else "1" for cell in header.split(";")
    )
    table = table_of(f"{title}{header}\n{cells}\n")
    assert table.state == State.ELSEWHERE
    assert name in table.source.name
    assert symbols_in(table.table.sheet, {"PETR4"}) == {"PETR4"}


def test_position_of_b3_with_an_added_average_price_is_imported():
    text = (
        "Produto;Instituição;Código de Negociação;Quantidade;Quantidade Disponível;Preço médio\n"
        "PETR4 - PETROBRAS;A;PETR4;100;100;30,10\nPETR4 - PETROBRAS;B;PETR4;20;20;30,10\n"
    )
    assert holdings_of_text(text) == {"PETR4": (120, Decimal("30.1"))}


def test_tables_beside_each_other_are_all_read():
    text = (
        "Ações;;;;FIIs;;\nAtivo;Qtd;PM;;Ativo;Cotas;Custo total\n"
        "PETR4;100;30,10;;HGLG11;5;800\n;;;;ABEV3;50;600\nVALE3;1;60\n"
    )
    assert holdings_of_text(text) == {
        "PETR4": (100, Decimal("30.1")),
        "VALE3": (1, 60),
        "HGLG11": (5, 160),
        "ABEV3": (50, 12),
    }


def test_empty_column_does_not_divide_a_table():
    text = "Ativo;Qtd;PM;;Preço atual;Qtd indisponível\nPETR4;100;30,10;;40;0\n"
    assert holdings_of_text(text) == {"PETR4": (100, Decimal("30.1"))}


def test_section_below_the_head_is_no_part_of_it():
    table = table_of("Ativo;Qtd;PM\nAções;;\nPETR4;100;30\n")
    assert table.table.titles == ["Ativo", "Qtd", "PM"]
    assert table.rows.skipped == [2]


@pytest.mark.parametrize("separator", [":", "^", "~", "#", " "])
def test_rare_separators_are_recognised(separator):
    text = "Ativo;Quantidade;PM\nPETR4;100;30,10\n".replace(";", separator)
    assert holdings_of_text(text) == {"PETR4": (100, Decimal("30.1"))}


@pytest.mark.parametrize("code", ["PETR 4", "petr-4", "PETR_4F", "PETR.4"])
def test_code_may_be_written_apart(code):
    assert holdings_of_text(f"Ativo;Qtd;PM\n{code};1;2\n") == {"PETR4": (1, 2)}


@pytest.mark.parametrize("code", ["PETR4 e VALE3", "PETR4 OU VALE3", "PETR4 and VALE3"])
def test_two_codes_in_a_cell_are_an_error(code):
    assert holdings_of_text(f"Ativo;Qtd;PM\n{code};1;2\nITUB4;1;2\n") == {"ITUB4": (1, 2)}


def test_two_equal_columns_of_codes_are_asked_about():
    table = table_of("Ticker antigo;Ticker novo;Qtd;PM\nITUB4;PETR4;10;40\nVALE3;ABEV3;1;2\n")
    assert [(doubt.role, doubt.places) for doubt in table.columns.doubts] == [("ativo", (0, 1))]
    same = table_of("Código;Código negociação;Qtd;PM\nPETR4F;PETR4;10;40\n")
    assert same.state == State.READ


def test_titles_that_look_like_codes_are_titles():
    text = "Ativo;Qtd;PM;Nota 1;Meta-2;Lote 3\nPETR4;10;40;1;2;3\n"
    assert holdings_of_text(text) == {"PETR4": (10, 40)}
