import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.h2.mvstore.MVStore;

/** Starts the wire-compatible server at a port on loopback: in memory, or with a file that survives a kill. */
public final class TestServer {
  /** Reads most documents for a query that a MongoDB answers from an index: from memory, as long as they have room. */
  private static final int cacheMb = 256;

  /** What current drivers ask for; the server itself announces an older one, and does so here with -Dold=true. */
  private static final class Recent implements MongoVersion {
    @Override
    public List<Integer> getVersionArray() {
      return List.of(6, 0, 0);
    }

    @Override
    public int getWireVersion() {
      return 17;
    }
  }

  /**
   * What is answered is in the file, and no half of a command ever is: the server alone would write up to a second
   * later, and whatever the commands at work have done by then.
   */
  private static MongoBackend journaled(String file) {
    ReadWriteLock commands = new ReentrantReadWriteLock();
    MVStore store = new MVStore.Builder().fileName(file).autoCommitDisabled().cacheSize(cacheMb).open();
    MongoBackend backend = new IndexedBackend(store);
    return (MongoBackend)
        Proxy.newProxyInstance(
            TestServer.class.getClassLoader(),
            new Class<?>[] {MongoBackend.class},
            (proxy, method, given) -> {
              boolean isCommand = method.getName().startsWith("handle");
              Object answer = under(isCommand ? commands.readLock() : null, () -> method.invoke(backend, given));
              if (isCommand && store.hasUnsavedChanges()) under(commands.writeLock(), store::commit);
              return method.getName().equals("version") ? proxy : answer;
            });
  }

  private static <T> T under(Lock lock, Callable<T> work) throws Throwable {
    if (lock != null) lock.lock();
    try {
      return work.call();
    } catch (InvocationTargetException error) {
      throw error.getCause();
    } finally {
      if (lock != null) lock.unlock();
    }
  }

  public static void main(String[] args) {
    int port = Integer.parseInt(args[0]);
    MongoBackend backend = args.length > 1 ? journaled(args[1]) : new IndexedBackend(MVStore.open(null));
    MongoServer server = new MongoServer(Boolean.getBoolean("old") ? backend : backend.version(new Recent()));
    server.bind("127.0.0.1", port);
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
  }
}
