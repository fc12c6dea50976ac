import {
    SectionAndNoteFieldOne2Many,
    SectionAndNoteListRenderer,
    getSectionRecords,
    sectionAndNoteFieldOne2Many,
} from "@account/components/section_and_note_fields_backend/section_and_note_fields_backend";
import { registry } from "@web/core/registry";
import { formatFloat } from "@web/views/fields/formatters";
import { calendarView } from "@web/views/calendar/calendar_view";
import { X2ManyField, x2ManyField } from "@web/views/fields/x2many/x2many_field";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";
import { progressSheet } from "./progress_sheet_renderer";

const PERCENTAGES = ["completed_percent", "billed_percent"];

/** Lists of plain rows: the plan, the lines of a bill. */
export class ProgressSheetListRenderer extends progressSheet(ListRenderer) {}

/** The schedule of values: lines in sections. */
export class ProgressLinesListRenderer extends progressSheet(SectionAndNoteListRenderer) {
    /** Percentages of a section are of its worth: the lines weigh what they are worth. */
    getFormattedValue(column, record) {
        if (!PERCENTAGES.includes(column.name) || !this.isSection(record)) {
            return super.getFormattedValue(column, record);
        }
        let worth = 0;
        let done = 0;
        for (const { data } of getSectionRecords(this.props.list, record)) {
            if (!data.display_type) {
                worth += data.revised_amount || 0;
                done += (data.revised_amount || 0) * data[column.name];
            }
        }
        return formatFloat(worth ? done / worth : 0, { digits: [16, 2] });
    }
}

export class ProgressSheetField extends X2ManyField {
    static components = { ...X2ManyField.components, ListRenderer: ProgressSheetListRenderer };
}

export class ProgressLinesField extends SectionAndNoteFieldOne2Many {
    static components = { ...SectionAndNoteFieldOne2Many.components, ListRenderer: ProgressLinesListRenderer };
}

const additionalClasses = [...(x2ManyField.additionalClasses || []), "o_field_one2many"];

registry.category("fields").add("progress_sheet_one2many", {
    ...x2ManyField,
    component: ProgressSheetField,
    additionalClasses,
});
registry.category("fields").add("progress_lines_one2many", {
    ...sectionAndNoteFieldOne2Many,
    component: ProgressLinesField,
});
registry.category("views").add("progress_sheet_list", { ...listView, Renderer: ProgressSheetListRenderer });
// its own class on screen: titles wrap
registry.category("views").add("progress_calendar", calendarView);
