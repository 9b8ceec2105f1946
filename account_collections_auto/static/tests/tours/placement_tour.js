import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("collection_placement", {
    url: "/odoo/collection-today",
    steps: () => [
        {
            content: "Today asks to decide",
            trigger: ".o_collection_tile[data-tile=decide] .o_collection_buttons button:first",
            run: "click",
        },
        { trigger: ".o_data_row td[name=partner_id]:contains('Deaf Debtor')", run: "click" },
        { content: "What speaks against it is plain", trigger: ".o_form_view .alert-warning:contains('final notice')" },
        { trigger: ".o_form_view .o_statusbar_buttons button[name=action_approve]", run: "click" },
        { trigger: ".modal [name=summary]:contains('1 customers, 1 items')" },
        { trigger: ".modal [name=lacking]:contains('Deaf Debtor')" },
        { content: "The manager says yes in spite of it", trigger: ".modal [name=despite_notice] input", run: "click" },
        { trigger: ".modal [name=despite_notice] input:checked" },
        { trigger: ".modal button[name=action_apply]", run: "click" },
        { content: "The file is there to download", trigger: ".o_form_view button[name=action_download]" },
        { trigger: ".o_form_view [name=sha256]:not(:empty)" },
    ],
});
