/// What `kith plan` knows of the program: sizes of what it keeps, and costs that are not measured
/// when it is called. perf/plan_accuracy.py compares with real runs; where a stage changes, change
/// its numbers here.
#pragma once

namespace kith::stages::plan_constants {

// Bytes.
inline constexpr double kHalf = 2;
inline constexpr double kFloat = 4;
inline constexpr double kDouble = 8;
inline constexpr double kRowNumber = 8;
inline constexpr double kCellNumber = 4;
inline constexpr double kItemOfNode = 16;
inline constexpr double kEntry = 16;             // of a list under construction
inline constexpr double kNeighbor = 12;          // of a finished one: position and distance
inline constexpr double kEdge = 8;               // of the graph: column and weight
inline constexpr double kGraphRow = 24;          // offset, degree, component
inline constexpr double kGhost = 24;             // position, place in the halo, component
inline constexpr double kEdgeInFlight = 24;      // of the graph under construction
inline constexpr double kEdgeMeeting = 78;       // three edges in flight and their rank
inline constexpr double kReverseEdge = 16;       // of refine
inline constexpr double kEdgeEnd = 8;            // of refine
inline constexpr double kLibraries = 6 << 20;    // what HDF5, BLAS, MPI take after the start
inline constexpr double kReaderCache = 1 << 30;  // raw rows are kept if they fit
inline constexpr double kReadBlock = 16 << 20;   // of the census
inline constexpr double kFetchBlock = 8 << 20;   // of vectors on their way to their cells
inline constexpr double kFetchBlocks = 3;        // read, packed, received
inline constexpr double kContentHash = 20;       // a row, with its norm
inline constexpr double kHashAndRow = 24;        // sent to find duplicates
inline constexpr double kMeeting = 98;           // hashes, sent and received, and their order
inline constexpr double kRequest = 24;           // who waits for a row, and its order
inline constexpr double kTaskNode = 8;           // best class, and what a method keeps
inline constexpr double kDiagonal = 8;           // of a system, a node and task
inline constexpr double kShareNodes = 20000;     // that class shares are estimated from
inline constexpr double kShareCopies = 6;        // of their rows
inline constexpr double kConsensus =
    110;  // a node without its classes, and its columns on their way
inline constexpr double kConsensusVote = 22;   // a node and member
inline constexpr double kStatistics = 220;     // a row: the same, and columns of the report
inline constexpr double kStatisticsVote = 10;  // a row and member
inline constexpr double kReportClass = 22000;  // what the report says of a class
inline constexpr double kSeedsPerClass = 4;    // that a user usually has
inline constexpr double kLabelColumns = 100;   // a row of labels.h5 without votes

// Factors.
inline constexpr double kItemsPerCell = 600;
inline constexpr double kSampleCopies = 4;   // of the training sample
inline constexpr double kMovedCopies = 3.5;  // of rows and home cells on their way
inline constexpr double kPanelPadding = 1.02;
inline constexpr double kWaveShare = 0.5;          // of the memory that is left
inline constexpr double kEdgesPerNeighbor = 1.45;  // of the union of both directions, over k
inline constexpr double kSizeBias = 1.3;           // a probed cell is larger than the mean cell
// Of c cells a rank, nodes in reach over own ones: reach x c^-surface, on made and real corpora
// (c from 8 to 512).
inline constexpr double kSurface = 0.8;
inline constexpr double kCellReach = 110;     // through cells that are searched, at 4 probes
inline constexpr double kProbeGrowth = 0.35;  // with more probes
inline constexpr double kGraphReach = 8;      // through edges of the graph
inline constexpr double kTrainingRounds = 8;
inline constexpr double kGroupsSearched = 3;
inline constexpr double kCellsAround = 256;    // compared with an item to find its probes
inline constexpr double kExactSamples = 1250;  // pilot and recall
inline constexpr double kReverseLists = 16;
inline constexpr double kRefineDistances = 30;  // an item, in all rounds
inline constexpr double kAssignShare = 0.2;     // of the scan's rate: few points a group
inline constexpr double kPathEntry_s = 60e-9;   // a seed of a node, with its merging

inline constexpr double kTrainingCopies = 3;   // of the seeds' vectors while heads learn
inline constexpr double kPredictShare = 0.5;   // of the scan's rate: few classes a head
inline constexpr double kLearnProducts = 150;  // a value of a row and class, by softmax_regression

// Seconds, on one core of 2024.
inline constexpr double kLookAtValue_s = 3e-9;
inline constexpr double kLearnHead_s = 0.5;
inline constexpr double kLookAtItem_s = 150e-9;
inline constexpr double kMoveItem_s = 1e-6;
inline constexpr double kLook_s = 8e-9;
inline constexpr double kSortEdge_s = 300e-9;
inline constexpr double kJudgeScore_s = 30e-9;
inline constexpr double kJudgeLabel_s = 300e-9;  // of a row that names few
inline constexpr double kMoveByte_s = 2e-9;
inline constexpr double kCountVote_s = 100e-9;
inline constexpr double kStatistics_s = 0.3;

}  // namespace kith::stages::plan_constants
