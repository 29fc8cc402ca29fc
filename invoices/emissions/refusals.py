"""Why a result can't be calculated, in a sentence that a person can act on."""

from invoices.emissions.categories import Category


class CannotCalculate(ValueError):
    """A result can't be calculated; the text says what is missing and how to mend it."""


class MissingFactor(CannotCalculate):
    """No published factor serves this category, country, year and unit."""

    def __init__(self, *, category: Category, country: str, year: int, unit: str, of: str = "", mend: str = "") -> None:
        self.category, self.country, self.year, self.unit = category, country, year, unit
        what = f" of {of}" if of else ""
        where = f"in {country}" if country else "without a country"
        super().__init__(
            f"No {category} factor{what} is known for a facility {where} in {year}, per {unit}. "
            + (mend or "Name a group of custom factors that has one.")
        )


class UnitNotConvertible(CannotCalculate):
    """The invoice's unit does not convert to any unit that a factor is for."""

    def __init__(self, *, category: Category, country: str, year: int, unit: str, to: str) -> None:
        self.category, self.country, self.year, self.unit = category, country, year, unit
        super().__init__(
            f"{unit or 'No unit'} can't be converted for {category} in {country} in {year}: {to}. "
            "Give the quantity in such a unit, or name a group of custom factors for this one."
        )


class CustomFactorRequired(CannotCalculate):
    """Nothing published serves this: the organization has to bring a factor of its own."""

    def __init__(self, *, category: Category, country: str, year: int, unit: str, of: str) -> None:
        self.category, self.country, self.year, self.unit = category, country, year, unit
        super().__init__(
            f"{of} needs a custom factor: no {category} factor is published for {country} in {year}, per {unit}. "
            "Name a group of custom factors that is valid for these days and this unit."
        )


class GasWithoutPotential(CannotCalculate):
    """A custom factor counts a gas whose warming potential the tables don't hold."""

    def __init__(self, *, category: Category, name: str, gas: str, unit: str, country: str, year: int) -> None:
        self.category, self.country, self.year, self.unit = category, country, year, unit
        super().__init__(
            f"The custom factor “{name}” counts {gas}, whose warming potential differs by substance, so {category} in "
            f"{country} in {year} can't be calculated per {unit}. Give its value in kg of CO2e."
        )


class CategoryDoesNotFit(CannotCalculate):
    """An invoice of this type has no such result."""

    def __init__(self, *, category: Category, invoice_type: str) -> None:
        super().__init__(
            f"An invoice of type {invoice_type} has no result {category}. Calculate one that fits its type."
        )
