import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { TimelinePicture } from "../plan_timeline/timeline_picture";

/** Choose one of the plans that another field of the record lists, each with its time line. */
export class PlanChoiceField extends Component {
    static template = "account_collections_auto.PlanChoiceField";
    static components = { TimelinePicture };
    static props = { ...standardFieldProps, choicesField: { type: String } };

    get choices() {
        return (this.props.record.data[this.props.choicesField] || []).map((choice) => ({
            ...choice,
            isOwn: choice.key.startsWith("plan:"),
            isChosen: choice.key === this.props.record.data[this.props.name],
            levels: choice.levels.map((level) => ({ ...level, key: level.days })),
        }));
    }

    choose(choice) {
        return this.props.record.update({ [this.props.name]: choice.key });
    }
}

registry.category("fields").add("collection_plan_choice", {
    component: PlanChoiceField,
    displayName: _t("Choice of a dunning plan"),
    supportedTypes: ["char"],
    fieldDependencies: ({ options }) => [{ name: options.choices, type: "json", readonly: true }],
    extractProps: ({ options }) => ({ choicesField: options.choices }),
});
