{
    "name": "Collections: Spreadsheet Dashboard",
    "summary": "The figures about receivables in a spreadsheet, and as a workbook to go on with",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "The collections suite maintainers",
    "license": "LGPL-3",
    "depends": ["account_collections_auto", "spreadsheet_dashboard"],
    "data": ["data/spreadsheet_dashboard_data.xml", "views/spreadsheet_dashboard_views.xml"],
    "assets": {
        "spreadsheet.o_spreadsheet": [
            "account_collections_spreadsheet/static/src/bundle/**/*.js",
            "account_collections_spreadsheet/static/src/bundle/**/*.xml",
        ],
    },
    "auto_install": True,
    "installable": True,
}
