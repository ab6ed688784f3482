// heads: members that are models on the vectors, learned from the seeds. heads.h5 holds, for each,
// its probabilities in graph order, what models that had not seen them said of the seeds, and the
// models themselves.
#include <algorithm>
#include <set>

#include "kith/comm/agree.hpp"
#include "kith/comm/stop.hpp"
#include "kith/config/graph_source.hpp"
#include "kith/core/error.hpp"
#include "kith/core/log.hpp"
#include "kith/core/quote.hpp"
#include "kith/corpus/labels.hpp"
#include "kith/io/input_file.hpp"
#include "kith/io/output_file.hpp"
#include "kith/run/stage.hpp"
#include "kith/run/workspace.hpp"

#include "stages/cells/cells_output.hpp"
#include "stages/folds.hpp"
#include "stages/graph/other_graph.hpp"
#include "stages/heads/head_models.hpp"
#include "stages/heads/head_vectors.hpp"
#include "stages/heads/heads.hpp"
#include "stages/heads/heads_plan.hpp"
#include "stages/list.hpp"
#include "stages/member_files.hpp"
#include "stages/propagate/propagate_output.hpp"
#include "stages/reference/reference.hpp"
#include "stages/stored_rows.hpp"

namespace kith::stages {
namespace {

using ensemble::MemberConfig;

constexpr const char* kHeadsFile = "heads.h5";

std::vector<const MemberConfig*> heads_of(const config::Config& config) {
  std::vector<const MemberConfig*> found;
  for (const MemberConfig& member : config.ensemble.members) {
    if (member.head != nullptr) {
      found.push_back(&member);
    }
  }
  return found;
}

/// Collective. Every head that looks at these vectors learns, each on one rank; then all ranks have
/// all models.
std::vector<heads::Fits> fit_heads(const comm::Communicator& comm,
                                   std::span<const MemberConfig* const> members,
                                   const heads::TrainingSet& training, bool unit_rows,
                                   bool has_seeds) {
  std::vector<heads::Fits> fits(members.size());
  const auto root_of = [&](std::size_t member) {
    return Rank{static_cast<int>(member) % comm.size()};
  };
  comm::locally(comm, [&] {
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (root_of(m) == comm.rank()) {
        heads::FitConfig config = members[m]->fit;
        config.unit_rows = unit_rows;
        std::erase_if(config.parameters, [&](const auto& parameter) {
          return !members[m]->head->takes(parameter.first);
        });
        fits[m] = members[m]->head->fit(training, config);
        if (!has_seeds) {
          fits[m].folds.clear();  // they have chosen what a head leaves open; nothing is held out
        }
      }
    }
  });
  for (std::size_t m = 0; m < members.size(); ++m) {
    share_fits(comm, fits[m], root_of(m));
  }
  return fits;
}

void log_head(const MemberConfig& config, const heads::Fits& fits) {
  std::string chosen;
  for (const auto& [name, value] : fits.model.parameters) {
    chosen += fmt::format(" {}={:.4g}", name, value);
  }
  log::info("stage=heads member={} method={}{} held_out_log_loss={:.4f}", config.name,
            config.head->name(), chosen, fits.log_loss);
}

/// Collective.
void write_head(io::OutputFile& file, const run::Workspace& workspace,
                const ensemble::Member& member, const heads::Fits& fits) {
  write_member(file, workspace, member);
  const std::string& name = member.config.name;
  write_model(file, model_group(name, -1), fits.model);
  for (std::size_t fold = 0; fold < fits.folds.size(); ++fold) {
    write_model(file, model_group(name, static_cast<int>(fold)), fits.folds[fold]);
  }
}

/// Collective. The heads on the vectors of one graph.
void do_heads_of(run::Workspace& workspace, const std::string& graph, io::OutputFile& file,
                 io::Json& facts) {
  std::vector<const MemberConfig*> members = heads_of(workspace.config);
  std::erase_if(members, [&](const MemberConfig* member) { return member->graph != graph; });
  const HeadVectors vectors{workspace, graph};
  heads::TrainingSet training = vectors.training_set();
  if (graph.empty()) {
    need_reference(workspace);
    append_reference(workspace, training);
    workspace.outputs.drop<ReferenceItems>();
  }
  const std::vector<heads::Fits> fits =
      fit_heads(workspace.comm, members, training, vectors.are_unit(), !workspace.seeds.empty());
  const int top = ensemble::labels_kept(workspace.config.ensemble, workspace.num_classes());
  const FoldedSeeds& seeds = workspace.outputs.get<FoldedSeeds>();
  const ensemble::NodeRange nodes{&workspace.comm, owned_nodes(workspace),
                                  workspace.outputs.get<cells::Shard>().layout.num_nodes()};
  for (std::size_t m = 0; m < members.size(); ++m) {
    comm::stop_if_asked(workspace.comm);
    log_head(*members[m], fits[m]);
    const ensemble::Member member =
        ensemble::head_member(nodes, *members[m], vectors.predict(fits[m].model, top),
                              predict_held_out(seeds, training, fits[m].folds, top), seeds,
                              workspace.config.ensemble.seed);
    write_head(file, workspace, member, fits[m]);
    facts[member.config.name] = {{"parameters", fits[m].model.parameters},
                                 {"held_out_log_loss", fits[m].log_loss}};
  }
}

/// Collective.
void do_heads(run::Workspace& workspace) {
  need_folds(workspace);
  std::set<std::string> graphs;
  for (const MemberConfig* member : heads_of(workspace.config)) {
    graphs.insert(member->graph);
  }
  auto file = io::OutputFile::create(workspace.comm, workspace.path(kHeadsFile));
  file.set_attribute("/", "seeds", count_of(workspace.outputs.get<FoldedSeeds>()));
  io::Json facts = io::Json::object();
  for (const std::string& graph : graphs) {
    do_heads_of(workspace, graph, file, facts);
  }
  file.commit();
  write_facts(workspace, "heads", facts);
}

/// Collective. Class vectors that nobody looks at are a mistake of the user's.
void require_takers(const run::Workspace& workspace) {
  const config::Config& config = workspace.config;
  const auto require_taker = [&](const std::string& key, const std::string& dataset,
                                 const std::string& graph) {
    const std::vector<const MemberConfig*> members = heads_of(config);
    const bool is_taken =
        std::any_of(members.begin(), members.end(), [&](const MemberConfig* member) {
          return member->graph == graph && member->head->facts().takes_class_vectors;
        });
    if (!dataset.empty() && !is_taken) {
      fail("{} = {}, but no member with method = prototypes looks at these vectors", key,
           quote(dataset));
    }
  };
  comm::locally(workspace.comm, [&] {
    require_taker("corpus.prototypes", config.corpus.prototypes, "");
    for (const config::GraphSource& graph : config.graphs) {
      require_taker(fmt::format("graph.{}.prototypes", graph.name), graph.prototypes, graph.name);
    }
  });
}

class HeadsStage : public run::Stage {
 public:
  [[nodiscard]] const run::StageDescription& description() const override {
    static const run::StageDescription kDescription{.name = "heads",
                                                    .stages = {"cells", "label_model", "reference"},
                                                    .inputs = {"seeds", "classes", "prototypes"},
                                                    .files = {kHeadsFile, "heads.json"},
                                                    .facts = "heads.json"};
    return kDescription;
  }
  [[nodiscard]] std::vector<std::string> inputs(const config::Config& config) const override {
    std::vector<std::string> all = description().inputs;
    for (const config::GraphSource& graph : config.graphs) {
      const std::vector<const MemberConfig*> members = heads_of(config);
      if (std::any_of(members.begin(), members.end(),
                      [&](const auto* member) { return member->graph == graph.name; })) {
        all.push_back(run::input_of_graph(graph.name));
      }
    }
    return all;
  }
  void check(run::Workspace& workspace) const override {
    require_takers(workspace);
    const config::Config& config = workspace.config;
    (void)corpus::read_prototypes(workspace.comm, workspace.corpus, config.corpus.prototypes);
    for (const config::GraphSource& graph : config.graphs) {
      if (graph.prototypes.empty()) {
        continue;
      }
      const auto other =
          corpus::describe(workspace.comm, config::config_of_graph(config, graph).corpus);
      (void)corpus::read_prototypes(workspace.comm, other, graph.prototypes);
    }
  }
  void prepare(run::Workspace& workspace) const override {
    const std::vector<const MemberConfig*> members = heads_of(workspace.config);
    if (std::any_of(members.begin(), members.end(),
                    [](const auto* member) { return !member->graph.empty(); })) {
      run_other_graphs(workspace, "graph");
    }
  }
  void run(run::Workspace& workspace) const override { do_heads(workspace); }
  [[nodiscard]] run::StagePlan plan(const run::PlanInput& input,
                                    const run::Rates& rates) const override {
    return plan_heads(input, rates);
  }
};

/// The folds that tasks leave out, of each head that they start from.
std::set<std::pair<std::string, int>> wanted_models(const config::Config& config,
                                                    std::span<const propagate::Task> tasks) {
  std::set<std::pair<std::string, int>> wanted;
  for (const propagate::Task& task : tasks) {
    const std::string& voter = config.ensemble.members[to_size(task.group)].voter;
    if (find_head(config, voter) != nullptr) {
      wanted.insert({voter, task.fold});
    }
  }
  return wanted;
}

}  // namespace

const MemberConfig* find_head(const config::Config& config, const std::string& name) {
  const auto& members = config.ensemble.members;
  const auto found = std::find_if(members.begin(), members.end(), [&](const MemberConfig& member) {
    return member.head != nullptr && member.name == name;
  });
  return found == members.end() ? nullptr : &*found;
}

void add_heads(run::Workspace& workspace) {
  const std::vector<const MemberConfig*> heads = heads_of(workspace.config);
  if (heads.empty()) {
    return;
  }
  std::vector<ensemble::Member> read = comm::locally(workspace.comm, [&] {
    const io::InputFile file{workspace.path(kHeadsFile)};
    std::vector<ensemble::Member> members;
    for (const MemberConfig* config : heads) {
      members.push_back(read_member(file, workspace, *config));
      members.back().source = ensemble::Source::vectors;
      members.back().chosen =
          read_model_facts(file, model_group(config->name, -1), workspace.num_classes()).parameters;
    }
    return members;
  });
  std::vector<ensemble::Member> all;
  auto head = read.begin();
  auto& members = workspace.outputs.get<Members>();
  auto other = members.begin();
  for (const MemberConfig& config : workspace.config.ensemble.members) {
    all.push_back(std::move(config.head != nullptr ? *head++ : *other++));
  }
  members = std::move(all);
}

HeadRows predict_for(run::Workspace& workspace, std::span<const propagate::Task> tasks) {
  const auto wanted = wanted_models(workspace.config, tasks);
  HeadRows rows;
  std::set<std::string> graphs;
  for (const auto& [name, fold] : wanted) {
    graphs.insert(find_head(workspace.config, name)->graph);
  }
  const layout::RowExchange exchange{workspace.comm, workspace.outputs.get<Items>(),
                                     workspace.corpus.num_items};
  for (const std::string& graph : graphs) {
    const HeadVectors vectors{workspace, graph};
    for (const auto& [name, fold] : wanted) {
      if (find_head(workspace.config, name)->graph != graph) {
        continue;
      }
      const heads::Model model = comm::locally(workspace.comm, [&, name = name, fold = fold] {
        const io::InputFile file{workspace.path(kHeadsFile)};
        return read_model(file, model_group(name, fold), workspace.num_classes(), vectors.dim());
      });
      const LabelRows<float> nodes = vectors.predict(model, workspace.num_classes());
      rows[{name, fold}] = exchange.to_rows<float>(nodes.values, nodes.width);
    }
  }
  return rows;
}

const run::Stage& heads_stage() {
  static const HeadsStage kStage;
  return kStage;
}

}  // namespace kith::stages
