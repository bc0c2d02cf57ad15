// SPDX-License-Identifier: MIT
//
// PondInsert: the sink of INSERT, COPY … FROM and CREATE TABLE … AS. Few rows go into the log, many
// into data files; which, is known when all are there or when they are too many for the log.
//
// Threads:   one thread sinks, so that rows keep their order.
// Errors:    DuckDB exceptions. Files of a statement that fails are deleted when its transaction
//            ends. One that fails before all rows are there has changed nothing.
// Memory:    DuckDB's buffers, which memory_limit bounds, and that of a FileWriter.
#pragma once

#include <memory>

#include "lake/schema.h"
#include "sql/duckdb_api.h"

namespace duckpond {

class PondCatalog;
class PondSchemaEntry;

class PondInsert final : public duckdb::PhysicalOperator {
 public:
  // `def` is of a table that exists. One that the statement is to create comes from `create`.
  struct Target {
    PondCatalog& catalog;
    std::shared_ptr<const TableDef> def;
    duckdb::unique_ptr<duckdb::BoundCreateTableInfo> create;  // Of CREATE TABLE AS.
    duckdb::vector<duckdb::unique_ptr<duckdb::BoundConstraint>> constraints;
    bool return_rows = false;  // RETURNING: rows come, and go back, in the order of the statement.
  };

  PondInsert(duckdb::PhysicalPlan& plan, duckdb::vector<duckdb::LogicalType> types, Target target);
  ~PondInsert() override;

  duckdb::string GetName() const override { return "DUCKPOND_INSERT"; }
  duckdb::InsertionOrderPreservingMap<duckdb::string> ParamsToString() const override;
  duckdb::InsertionOrderPreservingMap<duckdb::string> ExtraSourceParams(
      duckdb::GlobalSourceState& source, duckdb::LocalSourceState& local) const override;

  bool IsSink() const override { return true; }
  bool ParallelSink() const override { return false; }
  bool SinkOrderDependent() const override { return true; }
  duckdb::unique_ptr<duckdb::GlobalSinkState> GetGlobalSinkState(
      duckdb::ClientContext& client) const override;
  duckdb::SinkResultType Sink(duckdb::ExecutionContext& context, duckdb::DataChunk& chunk,
                              duckdb::OperatorSinkInput& input) const override;
  duckdb::SinkFinalizeType Finalize(duckdb::Pipeline& pipeline, duckdb::Event& event,
                                    duckdb::ClientContext& client,
                                    duckdb::OperatorSinkFinalizeInput& input) const override;

  bool IsSource() const override { return true; }
  duckdb::unique_ptr<duckdb::GlobalSourceState> GetGlobalSourceState(
      duckdb::ClientContext& client) const override;

 protected:
  duckdb::SourceResultType GetDataInternal(duckdb::ExecutionContext& context,
                                           duckdb::DataChunk& chunk,
                                           duckdb::OperatorSourceInput& input) const override;

 private:
  Target target_;
};

}  // namespace duckpond
