import { edit } from "@odoo/hoot-dom";

import { registry } from "@web/core/registry";

const MOST_CLICKS = 40;

/** Every click event of the page counts. Typing goes to the field that has the focus already: it takes no click. */
let clicks = 0;
const countClick = () => clicks++;

const tile = (key, button) => `.o_collection_tile[data-tile='${key}'] ${button}`;
const click = (trigger) => ({ trigger, run: "click" });
const backToToday = [click(".breadcrumb-item a:contains(Today)"), { trigger: ".o_collection_today_column" }];
const open = (key, button = ".o_collection_buttons button:first") => [click(tile(key, button)), { trigger: ".o_list_view" }];
const selectAll = click("thead .o_list_record_selector input");

/** Type an address into the row at `position`; opening the next row saves this one. */
const typeAddress = (position) => [
    click(`.o_data_row:eq(${position}) td[name='contact_email']`),
    {
        trigger: `.o_data_row:eq(${position}) td[name='contact_email'] input:focus`,
        run: () => edit(`accounts${position}@corrected.example`),
    },
];

const putOnHold = [
    selectAll,
    click(".o_control_panel button[name='action_hold']"),
    {
        trigger: ".modal div[name='reason'] input",
        run: async ({ anchor }) => {
            anchor.focus(); // one press of the tab key from the list of reasons
            await edit("Agreed on the phone");
        },
    },
    click(".modal button[name='action_apply']"),
    { trigger: "body:not(:has(.modal))" },
    ...backToToday,
];

registry.category("web_tour.tours").add("collection_today_tour", {
    steps: () => [
        {
            trigger: tile("last_cycle", ".o_collection_count"),
            run: () => {
                clicks = 0;
                document.addEventListener("click", countClick, true);
            },
        },
        click(tile("last_cycle", "button[name='put_away']")),

        // twelve approvals, after a look at their number and sum
        click(tile("approve", "button:contains(Approve All)")),
        { trigger: ".modal-body:contains(12 messages leave within minutes)" },
        click(".modal button:contains(Approve 12 Messages)"),
        { trigger: ".o_notification:contains(12 messages approved)" },
        { trigger: `body:not(:has(.o_collection_tile[data-tile='approve']))` },

        // five missing addresses, one that is none, one that wants no mail
        ...open("could_not_send"),
        ...[0, 1, 2, 3, 4, 5, 6].flatMap(typeAddress),
        click(".o_list_button_save"),
        { trigger: "body:not(:has(.o_selected_row))" },
        ...backToToday,
        { trigger: `body:not(:has(.o_collection_tile[data-tile='could_not_send']))` },

        // the ladder is finished: agreed on the phone
        ...open("decide"),
        ...putOnHold,

        // holds that end this week
        ...open("decide"),
        selectAll,
        click("button[name='action_let_end']"),
        { trigger: ".o_view_nocontent:contains(No hold ends within seven days)" },
        ...backToToday,
        { trigger: `body:not(:has(.o_collection_tile[data-tile='decide']))` },

        // one call, and the others agreed on by mail
        ...open("call"),
        click(".o_data_row:first button[name='action_log_call']"),
        click(".modal div[name='call_result'] input"),
        click(".o_select_menu_item:contains(Left a message)"),
        click(".modal button[name='action_apply']"),
        { trigger: "body:not(:has(.modal))" },
        ...putOnHold,
        { trigger: `body:not(:has(.o_collection_tile[data-tile='call']))` },

        click(tile("money_in", "button[name='put_away']")),
        {
            trigger: `body:not(:has(.o_collection_tile[data-tile='money_in']))`,
            // whether a level falls due tomorrow depends on the day of the week
            run: () => document.querySelector(tile("tomorrow", "button[name='put_away']"))?.click(),
        },
        {
            trigger: ".o_collection_today_empty:contains(Nothing is left for today)",
            run: () => {
                document.removeEventListener("click", countClick, true);
                if (clicks > MOST_CLICKS) {
                    throw new Error(`${clicks} clicks, at most ${MOST_CLICKS} are allowed`);
                }
                console.info(`Today took ${clicks} clicks`);
            },
        },
    ],
});
