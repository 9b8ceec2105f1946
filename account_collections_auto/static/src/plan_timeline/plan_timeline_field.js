import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { X2ManyField, x2ManyField } from "@web/views/fields/x2many/x2many_field";
import { TimelinePicture } from "./timeline_picture";

/** The levels of a plan, edited on their time line: a click opens a level, the button adds one where it fits. */
export class PlanTimelineField extends X2ManyField {
    static template = "account_collections_auto.PlanTimelineField";
    static components = { ...X2ManyField.components, TimelinePicture };

    get levels() {
        return this.list.records
            .map((record) => ({
                key: record.id,
                record,
                name: record.data.name,
                days: record.data.days_overdue,
                mode: record.data.mode,
                final: record.data.final_notice,
                channels: record.data.channel_codes,
                sentence: record.data.sentence,
            }))
            .sort((one, other) => one.days - other.days);
    }

    select(level) {
        return this.openRecord(level.record);
    }

    add() {
        return this.onAdd({
            context: { collection_levels: this.levels.map((level) => [level.days, level.final]) },
        });
    }
}

registry.category("fields").add("collection_plan_timeline", {
    ...x2ManyField,
    component: PlanTimelineField,
    displayName: _t("Levels on a time line"),
    supportedTypes: ["one2many"],
});
