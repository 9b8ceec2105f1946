import { utils } from "@web/core/ui/ui_service";
import { registry } from "@web/core/registry";
import { SearchModel } from "@web/search/search_model";
import { kanbanView } from "@web/views/kanban/kanban_view";

/** Columns by level on a screen that has room for them; on a phone one list, the largest overdue first. */
class CaseSearchModel extends SearchModel {
    async load(config) {
        return super.load(utils.isSmall() ? { ...config, defaultGroupBy: undefined } : config);
    }
}

registry.category("views").add("collection_case_kanban", { ...kanbanView, SearchModel: CaseSearchModel });
