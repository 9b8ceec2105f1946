{
    "name": "Collections: Customer Portal",
    "summary": "What a customer who got a reminder sees and can do without calling anyone",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "The collections suite maintainers",
    "license": "LGPL-3",
    "depends": ["account_collections_auto", "portal", "account_payment"],
    "data": [
        "security/ir.model.access.csv",
        "security/collection_portal_rules.xml",
        "data/mail_template_data.xml",
        "views/portal_layout_templates.xml",
        "views/portal_statement_templates.xml",
        "views/portal_link_templates.xml",
        "views/message_templates.xml",
        "views/collection_portal_link_views.xml",
        "views/res_config_settings_views.xml",
    ],
    "assets": {
        "web.assets_frontend": ["account_collections_portal/static/src/**/*"],
    },
    "installable": True,
}
