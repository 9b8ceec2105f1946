import { utils } from "@web/core/ui/ui_service";
import { registry } from "@web/core/registry";
import { SearchModel } from "@web/search/search_model";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { kanbanView } from "@web/views/kanban/kanban_view";

/** Columns by level on a screen that has room for them; on a phone one list, the largest overdue first. */
class CaseSearchModel extends SearchModel {
    async load(config) {
        return super.load(utils.isSmall() ? { ...config, defaultGroupBy: undefined } : config);
    }
}

/** Says the next step also where there is no column: Odoo leaves that screen empty, for columns that a person could add. */
class CaseKanbanRenderer extends KanbanRenderer {
    get showNoContentHelper() {
        const { isGrouped, groups } = this.props.list;
        return super.showNoContentHelper || (isGrouped && !groups.length);
    }
}

registry.category("views").add("collection_case_kanban", {
    ...kanbanView,
    Renderer: CaseKanbanRenderer,
    SearchModel: CaseSearchModel,
});
