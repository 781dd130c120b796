"""Django's configuration of the pages feature, and of the admin."""

from django.apps import AppConfig
from django.contrib.admin import apps


class PagesConfig(AppConfig):
    name = "mainapp.pages"


class AdminConfig(apps.AdminConfig):
    default = False
    default_site = "mainapp.pages.admin.Site"
