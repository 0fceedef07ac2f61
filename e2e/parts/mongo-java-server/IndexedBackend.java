import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.DatabaseResolver;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.h2.H2Collection;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.oplog.Oplog;
import io.netty.channel.Channel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

/** The backend in an MVStore, with all indexes that are asked for, and a use of them for more than equality alone. */
final class IndexedBackend extends H2Backend {
  /** Of the pipeline that this thread is to run. */
  private static final ThreadLocal<Document> matched = new ThreadLocal<>();

  IndexedBackend(MVStore store) {
    super(store);
  }

  @Override
  protected MongoDatabase openOrCreateDatabase(String databaseName) {
    MVStore store = getMvStore();
    List<IndexedCollection> stored = new ArrayList<>();
    boolean[] isOpen = {false};
    var database = new H2Database(databaseName, store, getCursorRegistry()) {
      @Override
      public Document handleCommand(
          Channel channel, String command, Document query, DatabaseResolver databases, Oplog oplog) {
        if (command.equals("aggregate")) matched.set(firstMatch(query));
        try {
          return super.handleCommand(channel, command, query, databases, oplog);
        } finally {
          matched.remove();
        }
      }

      @Override
      protected H2Collection openOrCreateCollection(String name, CollectionOptions options) {
        var collection = new IndexedCollection(this, store, name, options, cursorRegistry);
        if (isOpen[0]) collection.fillIndexes();
        else stored.add(collection);
        return collection;
      }

      @Override
      protected Index<Object> openOrCreateUniqueIndex(
          String collection, String name, List<IndexKey> keys, boolean sparse) {
        return new UniqueIndex(name, keys, sparse);
      }

      @Override
      protected Index<Object> openOrCreateSecondaryIndex(
          String collection, String name, List<IndexKey> keys, boolean sparse) {
        return new OrderedIndex(name, keys);
      }
    };
    isOpen[0] = true;
    stored.forEach(IndexedCollection::fillIndexes);
    return database;
  }

  /** What a pipeline starts with: the server would match every document of the collection. */
  private static Document firstMatch(Document aggregate) {
    boolean isAny = aggregate.get("pipeline") instanceof List<?> stages && !stages.isEmpty();
    if (!isAny) return null;
    Document first = (Document) ((List<?>) aggregate.get("pipeline")).get(0);
    return first.get("$match") instanceof Document match ? match : null;
  }

  private static MVMap.Builder<Object, Document> documents() {
    return new MVMap.Builder<Object, Document>().valueType(new DocumentType());
  }

  private static final class IndexedCollection extends H2Collection {
    private static final String ids = "ids in order";
    private boolean isFilled = false;

    IndexedCollection(
        MongoDatabase database, MVStore store, String name, CollectionOptions options, CursorRegistry cursors) {
      super(
          database,
          name,
          options,
          store.openMap("databases." + database.getDatabaseName() + "." + name, documents()),
          store.openMap("meta." + database.getDatabaseName() + "." + name),
          cursors);
    }

    /** Fills all indexes of what is stored, in one go: documents are read from the file for it. */
    void fillIndexes() {
      isFilled = true;
      streamAllDocumentsWithPosition()
          .forEach(each -> getIndexes().forEach(index -> index.add(each.getDocument(), each.getPosition(), this)));
    }

    /** That of _id is for ranges and order, too. */
    @Override
    public void addIndex(Index<Object> index) {
      if (isFilled) super.addIndex(index);
      else getIndexes().add(index);
      if (index instanceof UniqueIndex && index.getKeys().get(0).getKey().equals("_id")) {
        addIndex(new OrderedIndex(ids, index.getKeys()));
      }
    }

    @Override
    public void drop() {
      getIndexes().removeIf(index -> index.getName().equals(ids));
      super.drop();
    }

    /** The documents for a pipeline, which is the first to ask for all of them. */
    @Override
    public Iterable<Document> queryAll() {
      Document match = matched.get();
      matched.remove();
      return match == null ? super.queryAll() : handleQuery(match);
    }

    @Override
    protected QueryResult queryDocuments(
        Document query, Document orderBy, int skip, int limit, int batchSize, Document fields) {
      Map<String, Object> conditions = new HashMap<>();
      collect(query, conditions);
      OrderedIndex.Range best = null;
      for (Index<Object> index : getIndexes()) {
        if (index instanceof OrderedIndex ordered) {
          OrderedIndex.Range range = ordered.rangeOf(conditions, orderBy);
          if (range.fit() > (best == null ? 0 : best.fit())) best = range;
          continue;
        }
        Document part = new Document();
        for (IndexKey key : index.getKeys()) {
          if (conditions.containsKey(key.getKey())) part.put(key.getKey(), conditions.get(key.getKey()));
        }
        if (index.canHandle(part)) {
          Iterable<Object> places = index.getPositions(part);
          return matchDocuments(withoutList(query, part), places, orderBy, skip, limit, batchSize, fields);
        }
      }
      if (best == null) return super.queryDocuments(query, orderBy, skip, limit, batchSize, fields);
      // In its order already, so that no more is read than asked for.
      Document sorting = best.isSorted() ? null : orderBy;
      return matchDocuments(query, best.places(), sorting, skip, limit, batchSize, fields);
    }

    /** What all documents must have that match. */
    private static void collect(Document query, Map<String, Object> conditions) {
      for (Map.Entry<String, Object> each : query.entrySet()) {
        if (each.getKey().equals("$and")) {
          for (Object part : (Collection<?>) each.getValue()) collect((Document) part, conditions);
        } else if (!each.getKey().startsWith("$")) {
          conditions.putIfAbsent(each.getKey(), each.getValue());
        }
      }
    }

    /** Without a list of values that the index has answered: the server would compare each of them with each. */
    private static Document withoutList(Document query, Document answered) {
      boolean isList =
          answered.size() == 1
              && answered.values().iterator().next() instanceof Document condition
              && condition.get("$in") instanceof Collection<?> values
              && values.stream().allMatch(String.class::isInstance);
      if (!isList) return query;
      Document rest = query.clone();
      rest.remove(answered.keySet().iterator().next());
      return rest;
    }

    // The server lets others write meanwhile.
    @Override
    public synchronized int count(Document query, int skip, int limit) {
      return super.count(query, skip, limit);
    }
  }
}
