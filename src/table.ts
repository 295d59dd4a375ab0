// The entry point backprop-wasm/table: reads tables, and trains networks on them.

export type { Cell, ColumnType } from "./table/cells.js";
export {
  type CategoryColumn,
  type Column,
  createTable,
  type NumberColumn,
  type Table,
  type TableRow,
  type TableRows,
} from "./table/columns.js";
export { type CsvBatch, type CsvBatchOptions, type CsvOptions, readCsv } from "./table/csv.js";
export type {
  CategoryFeature,
  DropReason,
  EncodingName,
  Feature,
  FeatureOptions,
  ImputeName,
  NumberFeature,
  ScaleName,
} from "./table/features.js";
export {
  type ClassEvaluation,
  type ClassPrediction,
  loadTableModel,
  type NumberEvaluation,
  type Prediction,
  type TableEvaluation,
  type TableModel,
  type TableModelState,
  tableModelFromJSON,
} from "./table/model.js";
export {
  type AsyncBuffer,
  type ParquetOptions,
  type ParquetSource,
  readParquet,
} from "./table/parquet.js";
export {
  type ColumnOptions,
  fitPreprocessor,
  type PreprocessingOptions,
  type PreprocessingReport,
  type Preprocessor,
  type PreprocessorState,
  preprocessorFromJSON,
} from "./table/preprocessor.js";
export { readTable, readTables, type TableOptions, type TablesOptions } from "./table/readTable.js";
export type { ClassName, ClassTarget, NumberTarget, Target, Task } from "./table/target.js";
export type { TextChunk, TextSource } from "./table/text.js";
export {
  type TableEpoch,
  type TableHistory,
  type TableReport,
  type TableSplit,
  type TableTraining,
  type TrainedModel,
  type TrainTableError,
  type TrainTableOptions,
  trainTable,
} from "./table/trainTable.js";
