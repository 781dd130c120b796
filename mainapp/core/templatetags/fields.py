"""The control of a form's field, for `mainapp/parts/field.html`."""

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def control(field: BoundField) -> SafeString:
    """Return a field's control; after a refused form, that of the first error has the focus."""
    form = field.form
    wrong = next((name for name in form.fields if name in form.errors), "")
    return field.as_widget(attrs={"autofocus": True} if field.name == wrong else None)


@register.filter
def is_secret(field: BoundField) -> bool:
    """Return whether a field hides what is typed."""
    return getattr(field.field.widget, "input_type", "") == "password"
