import { registry } from "@web/core/registry";

const TOUR = "collections_first_day";

/** Start the tour of the first day where the person is: Odoo starts tours by itself for administrators only. */
async function startFirstDay(env) {
    const { rainbowManMessage } = await env.services.orm.call("web_tour.tour", "get_tour_json_by_name", [TOUR]);
    await env.services.tour_service.startTour(TOUR, { mode: "manual", redirect: false, rainbowManMessage });
}

registry.category("actions").add("collection_first_day", startFirstDay);
