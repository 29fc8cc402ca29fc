"""What README.txt says to whoever opens an archive, in Spanish and in English. Plain Python, no Django."""

from collections.abc import Mapping
from typing import Any, Final

NAME: Final = "README.txt"

_TEXT: Final = """\
{organization} · {year}

ESPAÑOL

Este archivo reúne las pruebas de las emisiones de {year}: las facturas con algún día en ese año, lo que se calculó de
cada una y con qué factores, y lo que se corrigió después. {state_es}

invoices.csv        una fila por factura, o por parte de una factura repartida entre instalaciones
figures.csv         lo calculado de cada factura, una fila por categoría, o el motivo por el que falta
results.csv         el cálculo, línea a línea: parte de la cantidad, factor, fuente, año, avisos y kg
history.csv         los resultados que fueron reemplazados, con su cálculo y el trabajo que los reemplazó
consolidations.csv  los CUPS que se corrigieron: quién, cuándo, por qué y qué código había antes
undos.csv           las correcciones que se deshicieron
changes.csv         quién registró, cambió o borró cada factura, y qué decía antes y después
closings.csv        cuándo se cerró o se reabrió el año, quién lo hizo y qué cifras se declararon
gaps.csv            por suministro (20 primeros caracteres del CUPS) e instalación, los meses sin ninguna factura
sources.csv         las publicaciones de las que salen los factores, con su licencia
factors.csv         los factores que se usaron
manifest.json       qué contiene el archivo, con el tamaño y la huella SHA-256 de cada fichero

Los CSV están en UTF-8, con coma entre columnas y punto decimal. Masas en kg; la energía, en kWh a poder calorífico
inferior. Una factura a caballo de dos años cuenta aquí por sus días (days_in_year entre days); en figures.csv y
results.csv está entera. Solo las facturas activas suman en los totales. Las de una factura borrada están en
history.csv y changes.csv. Un texto que empieza por = + - @ lleva un apóstrofo delante, para que ninguna hoja de cálculo
lo tome por una fórmula.

ENGLISH

This archive holds the evidence of the emissions of {year}: the invoices with any day in that year, what was calculated
of each and with which factors, and what was corrected afterwards. {state_en}

invoices.csv        a row for each invoice, or part of an invoice that is distributed over facilities
figures.csv         what was calculated of each invoice, a row for each category, or the reason why there is nothing
results.csv         the calculation, line by line: share of the quantity, factor, source, year, flags and kg
history.csv         the results that were replaced, with their calculation and the job that replaced them
consolidations.csv  the CUPS codes that were corrected: by whom, when, why, and which code was there before
undos.csv           the corrections that were undone
changes.csv         who filed, changed or deleted each invoice, and what it said before and after
closings.csv        when the year was closed or opened again, by whom, and which figures were reported
gaps.csv            for each supply (first 20 characters of the CUPS) and facility, the months without any invoice
sources.csv         the publications that the factors are taken from, with their licences
factors.csv         the factors that were used
manifest.json       what the archive contains, with the size and the SHA-256 digest of each file

The CSV files are in UTF-8, with commas between columns and decimal points. Masses in kg; energy in kWh at net calorific
value. An invoice that crosses years counts here by its days (days_in_year of days); in figures.csv and results.csv it
is whole. Only active invoices count in totals. What is left of a deleted invoice is in history.csv and changes.csv. A
text that begins with = + - @ carries an apostrophe before it, so that no spreadsheet takes it for a formula.

{attribution}
"""
_STATES: Final = {
    True: (
        "El año estaba cerrado: estas cifras son las declaradas y no cambian.",
        "The year was closed: these figures are the reported ones, and do not change.",
    ),
    False: (
        "El año no estaba cerrado: las cifras pueden cambiar todavía.",
        "The year was not closed: the figures may still change.",
    ),
}
ATTRIBUTION: Final = """\
Contains Ember and Our World in Data (CC BY 4.0), European Environment Agency (CC BY 4.0) and World Bank (CC BY 4.0)
data; public sector information licensed under the Open Government Licence v3.0; origin of Spanish data: Ministerio para
la Transición Ecológica y el Reto Demográfico. Figures were compiled and converted."""


def text(about: Mapping[str, Any]) -> str:
    """Return the text for an archive, of which `about` says what the manifest says."""
    state_es, state_en = _STATES[about["is_closed"]]
    return _TEXT.format(
        organization=about["organization"]["name"],
        year=about["year"],
        state_es=state_es,
        state_en=state_en,
        attribution=ATTRIBUTION,
    )
