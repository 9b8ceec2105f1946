import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const inMenu = (xmlid) => `.o_menu_sections [data-menu-xmlid="account_collections_auto.${xmlid}"], .o-dropdown--menu [data-menu-xmlid="account_collections_auto.${xmlid}"]`;

/** The first day: where decisions wait, who owes, what would be sent, and where the rules are. Changes nothing. */
registry.category("web_tour.tours").add("collections_first_day", {
    url: "/odoo",
    steps: () => [
        ...stepUtils.goToAppSteps(
            "account_collections_auto.collection_menu_root",
            _t("Open Collections: here you see who owes you money, and what happens about it.")
        ),
        {
            trigger: ".o_collection_today",
            content: _t("Each morning, Today shows what needs a decision of yours. When it is empty, you are done."),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: inMenu("collection_case_menu"),
            content: _t("Every customer with something open has a case. Open the list."),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_content",
            content: _t("The largest overdue amounts come first. Select some to decide about them together, or open one."),
            tooltipPosition: "top",
            run: "click",
        },
        {
            trigger: ".o_menu_sections [data-menu-xmlid='account_collections_auto.collection_configuration_menu']",
            content: _t("The rules are here: which reminder goes out how many days after the due date."),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: inMenu("collection_plan_menu"),
            content: _t("Open the dunning plans, to read and change the texts and days."),
            tooltipPosition: "right",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row, .o_kanban_view .o_kanban_record:not(.o_kanban_ghost)",
            content: _t("A plan is a ladder of levels. You can try it on a real customer before anything is sent."),
            tooltipPosition: "bottom",
            run: "click",
        },
    ],
});
