import { registry } from "@web/core/registry";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";
import { StartBanner } from "./start_banner";

/** The list of cases, which says when nobody has set the company up yet. */
export class CaseListRenderer extends ListRenderer {
    static template = "account_collections_auto.CaseListRenderer";
    static components = { ...ListRenderer.components, StartBanner };
}

registry.category("views").add("collection_case_list", { ...listView, Renderer: CaseListRenderer });
