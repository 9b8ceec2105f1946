import { waitForDataLoaded } from "@spreadsheet/helpers/model";
import { SpreadsheetDashboardAction } from "@spreadsheet_dashboard/bundle/dashboard_action/dashboard_action";
import { Status } from "@spreadsheet_dashboard/bundle/dashboard_action/dashboard_loader_service";
import { download } from "@web/core/network/download";
import { patch } from "@web/core/utils/patch";

/** The dashboard of Collections can be had as a workbook: what is shown stays as it is, the copy can be changed. */
patch(SpreadsheetDashboardAction.prototype, {
    get isCollectionsDashboard() {
        const dashboard = this.loader.getActiveDashboard();
        return dashboard?.status === Status.Loaded && dashboard.translationNamespace === "account_collections_spreadsheet";
    },

    async downloadCollectionsWorkbook() {
        const { model, data } = this.loader.getActiveDashboard();
        await waitForDataLoaded(model);
        const files = new Blob([JSON.stringify(model.exportXLSX().files)], { type: "application/json" });
        await download({ url: "/collections/spreadsheet/xlsx", data: { name: data.name, files } });
    },
});
