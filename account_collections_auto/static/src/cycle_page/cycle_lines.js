import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { ListController } from "@web/views/list/list_controller";
import { listView } from "@web/views/list/list_view";

/** Lists on the page of a cycle: after each loading the page reads its figures again. */
const reloadsPage = (Controller) =>
    class extends Controller {
        get modelParams() {
            const params = super.modelParams;
            const reload = () => this.env.onCycleLinesLoaded?.();
            return { ...params, hooks: { ...params.hooks, onRootLoaded: reload } };
        }
    };

registry.category("views").add("collection_cycle_lines", {
    ...listView,
    Controller: reloadsPage(ListController),
});
registry.category("views").add("collection_cycle_lines_kanban", {
    ...kanbanView,
    Controller: reloadsPage(KanbanController),
});

/** A link that opens the place where what holds the customer back can be ended. */
export class FixField extends Component {
    static template = "account_collections_auto.FixField";
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
    }

    get label() {
        return this.props.record.data[this.props.name];
    }

    async onClick() {
        const { record } = this.props;
        await this.action.doActionButton({
            type: "object",
            name: "action_fix",
            resModel: record.resModel,
            resId: record.resId,
            context: record.context,
            onClose: () => record.model.load(),
        });
    }
}

registry.category("fields").add("collection_fix", {
    component: FixField,
    supportedTypes: ["char"],
});
